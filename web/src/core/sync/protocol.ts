/** The y-websocket frames this page speaks. One frame carries exactly one message: readers drop what follows it. */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

const SYNC = 0;
const AWARENESS = 1;
const QUERY_AWARENESS = 3;
const SAVED_MARKER = 102;

const STEP1 = 0;
const STEP2 = 1;
const UPDATE = 2;

export type Frame =
  | { kind: 'step1'; vector: Uint8Array }
  | { kind: 'step2'; update: Uint8Array }
  | { kind: 'update'; update: Uint8Array }
  | { kind: 'awareness'; update: Uint8Array }
  | { kind: 'query-awareness' }
  | { kind: 'marker'; value: number }
  | { kind: 'unknown' };

/** Reads one frame; throws when it is cut short. */
export function decodeFrame(data: Uint8Array): Frame {
  const decoder = decoding.createDecoder(data);
  switch (decoding.readVarUint(decoder)) {
    case SYNC:
      return decodeSync(decoder);
    case AWARENESS:
      return { kind: 'awareness', update: decoding.readVarUint8Array(decoder) };
    case QUERY_AWARENESS:
      return { kind: 'query-awareness' };
    case SAVED_MARKER:
      return { kind: 'marker', value: decodeMarker(decoding.readVarUint8Array(decoder)) };
    default:
      return { kind: 'unknown' };
  }
}

function decodeSync(decoder: decoding.Decoder): Frame {
  switch (decoding.readVarUint(decoder)) {
    case STEP1:
      return { kind: 'step1', vector: decoding.readVarUint8Array(decoder) };
    case STEP2:
      return { kind: 'step2', update: decoding.readVarUint8Array(decoder) };
    case UPDATE:
      return { kind: 'update', update: decoding.readVarUint8Array(decoder) };
    default:
      return { kind: 'unknown' };
  }
}

function decodeMarker(payload: Uint8Array): number {
  return decoding.readVarUint(decoding.createDecoder(payload));
}

function frame(write: (encoder: encoding.Encoder) => void): Uint8Array<ArrayBuffer> {
  const encoder = encoding.createEncoder();
  write(encoder);
  return encoding.toUint8Array(encoder);
}

function sync(type: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return frame((encoder) => {
    encoding.writeVarUint(encoder, SYNC);
    encoding.writeVarUint(encoder, type);
    encoding.writeVarUint8Array(encoder, payload);
  });
}

export const encodeStep1 = (vector: Uint8Array) => sync(STEP1, vector);
export const encodeStep2 = (update: Uint8Array) => sync(STEP2, update);
export const encodeUpdate = (update: Uint8Array) => sync(UPDATE, update);

export const encodeAwareness = (update: Uint8Array) =>
  frame((encoder) => {
    encoding.writeVarUint(encoder, AWARENESS);
    encoding.writeVarUint8Array(encoder, update);
  });

export const encodeQueryAwareness = () => frame((encoder) => encoding.writeVarUint(encoder, QUERY_AWARENESS));

/** The counter is wrapped in a length-prefixed payload, so that it reads the same to strict and to lax decoders. */
export const encodeMarker = (value: number) =>
  frame((encoder) => {
    const payload = encoding.createEncoder();
    encoding.writeVarUint(payload, value);
    encoding.writeVarUint(encoder, SAVED_MARKER);
    encoding.writeVarUint8Array(encoder, encoding.toUint8Array(payload));
  });
