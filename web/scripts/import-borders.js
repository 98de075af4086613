// The borders inside web/src, as an ESLint rule: who may import whom. Low to high:
// lib < ui, core < features < app. A feature shows others only its index; core and lib know no React.
import path from 'node:path';

const LAYERS = {
  lib: ['lib'],
  core: ['core', 'lib'],
  ui: ['ui', 'lib'],
  features: ['features', 'ui', 'core', 'lib'],
  app: ['app', 'features', 'ui', 'core', 'lib'],
};
const REACT_FREE = new Set(['lib', 'core']);
const REACT = /^(react|react-dom|wouter|@base-ui\/react|@tanstack\/react-query)(\/|$)/;

function locate(file, source) {
  const parts = path.relative(source, file).split(path.sep);
  return { layer: parts[0], feature: parts[0] === 'features' ? parts[1] : undefined, inner: parts.slice(2) };
}

function complaint(from, to) {
  const allowed = LAYERS[from.layer];
  if (allowed && to.layer in LAYERS && !allowed.includes(to.layer)) {
    return `${from.layer}/ may import only ${allowed.join(', ')}: not ${to.layer}/`;
  }
  const foreign = to.feature !== undefined && to.feature !== from.feature;
  const atIndex = to.inner.length === 0 || /^index(\.tsx?)?$/.test(to.inner.join('/'));
  if (foreign && !atIndex) return `import features/${to.feature} only through its index`;
  return undefined;
}

const rule = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const source = path.join(context.cwd, 'src');
    const from = locate(context.filename, source);
    if (!(from.layer in LAYERS)) return {};
    const check = (node) => {
      const name = node.source?.value;
      if (typeof name !== 'string') return;
      if (REACT_FREE.has(from.layer) && REACT.test(name)) {
        context.report({ node, message: `${from.layer}/ imports no React` });
        return;
      }
      let target;
      if (name.startsWith('@/')) target = path.join(source, name.slice(2));
      else if (name.startsWith('.')) target = path.resolve(path.dirname(context.filename), name);
      else return;
      const message = complaint(from, locate(target, source));
      if (message) context.report({ node, message });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
  },
};

export default { rules: { 'import-borders': rule } };
