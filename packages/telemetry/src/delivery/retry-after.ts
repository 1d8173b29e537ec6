import type { Metadata } from "@grpc/grpc-js";
import protobuf from "protobufjs/minimal.js";

const { Reader } = protobuf;

/** Longest that a receiver may ask us to wait unless the queue is told otherwise, in milliseconds. */
export const mostRetryAfterMillis = 60_000;

/** What a header `Retry-After` says, in milliseconds from now; it is a number of seconds or a date. */
export function retryAfterMillis(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  const millis = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(millis) ? undefined : Math.max(0, millis);
}

const retryInfoType = "type.googleapis.com/google.rpc.RetryInfo";

/**
 * When a receiver wants to be asked again, in milliseconds, if a refusal says so: the `RetryInfo` among the details of
 * its status (github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto).
 */
export function retryInfoMillis(metadata: Metadata): number | undefined {
  const [encoded] = metadata.get("grpc-status-details-bin");
  if (!(encoded instanceof Uint8Array)) return undefined;
  try {
    for (const detail of fieldsOf(encoded).get(3) ?? []) {
      const any = fieldsOf(bytesOf(detail));
      const [type] = any.get(1) ?? [];
      const [value] = any.get(2) ?? [];
      if (type === undefined || Buffer.from(bytesOf(type)).toString() !== retryInfoType) continue;
      const [delay] = value === undefined ? [] : (fieldsOf(bytesOf(value)).get(1) ?? []);
      const duration = delay === undefined ? undefined : fieldsOf(bytesOf(delay));
      const [seconds = 0] = duration?.get(1) ?? [];
      const [nanos = 0] = duration?.get(2) ?? [];
      return Number(seconds) * 1000 + Number(nanos) / 1e6;
    }
  } catch {
    // Details that cannot be read say nothing about a delay; the refusal itself is reported by its caller.
  }
  return undefined;
}

/** Fields of a message by their number: bytes of texts and messages, values of numbers. */
function fieldsOf(message: Uint8Array): Map<number, (Uint8Array | number)[]> {
  const fields = new Map<number, (Uint8Array | number)[]>();
  const reader = Reader.create(message);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const wireType = tag & 7;
    if (wireType !== 0 && wireType !== 2) {
      reader.skipType(wireType);
      continue;
    }
    const value = wireType === 2 ? reader.bytes() : Number(reader.int64());
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value]);
  }
  return fields;
}

function bytesOf(value: Uint8Array | number): Uint8Array {
  return typeof value === "number" ? new Uint8Array() : value;
}
