import cf from 'cloudfront';

const store = cf.kvs();

// What a viewer sends under this name is replaced, and never passed on.
async function handler(event) {
  const request = event.request;
  request.headers['${header}'] = { value: await store.get('origin') };
  return request;
}
