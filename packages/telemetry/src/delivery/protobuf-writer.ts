/** Room that is kept from one message to the next, in bytes; a longer message gets more for itself. */
const keptBytes = 64 * 1024;

/** Longest text of which the characters are copied one by one: a call of the runtime's own costs as much, in characters. */
const shortText = 48;

/**
 * Writes protobuf (protobuf.dev/programming-guides/encoding) in one pass: the length of a message goes in front of it
 * when it is known. OpenTelemetry's own writer makes a buffer for each request, and reads everything once more to know
 * how large; for one item at a time that costs more than the item.
 */
export class ProtobufWriter {
  private buffer = Buffer.allocUnsafeSlow(4096);
  private position = 0;

  /** Forgets what was written. */
  reset(): void {
    this.position = 0;
    if (this.buffer.byteLength > keptBytes) this.buffer = Buffer.allocUnsafeSlow(4096);
  }

  /** A copy of what was written. Small ones are kept together by Node.js; none keeps the writer's buffer in memory. */
  finish(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.position));
  }

  /** Begins a message within the one that is being written. @returns what {@link end} needs */
  begin(field: number): number {
    this.varint((field << 3) | 2);
    this.reserve(1);
    this.position += 1;
    return this.position;
  }

  /** Ends a message that {@link begin} has begun. Most are shorter than 128 bytes, so their length takes one. */
  end(start: number): void {
    const length = this.position - start;
    if (length < 128) {
      this.buffer[start - 1] = length;
      return;
    }
    const size = sizeOfVarint(length);
    this.reserve(size - 1);
    this.buffer.copyWithin(start - 1 + size, start, this.position);
    this.position = start - 1;
    this.varint(length);
    this.position += length;
  }

  /** A field of text. */
  text(field: number, text: string): void {
    this.varint((field << 3) | 2);
    const { length } = text;
    this.reserve(length * 3 + 5);
    if (length <= shortText) {
      const { buffer } = this;
      const start = this.position + 1;
      let at = 0;
      for (; at < length; at += 1) {
        const code = text.charCodeAt(at);
        if (code > 127) break;
        buffer[start + at] = code;
      }
      if (at === length) {
        buffer[this.position] = length;
        this.position = start + length;
        return;
      }
    }
    // Where the text begins if it has one byte for each character, as most have.
    const assumed = this.position + sizeOfVarint(length);
    const bytes = this.buffer.write(text, assumed);
    const start = this.position + sizeOfVarint(bytes);
    if (start !== assumed) this.buffer.copyWithin(start, assumed, assumed + bytes);
    this.varint(bytes);
    this.position += bytes;
  }

  /** A field of bytes. */
  bytes(field: number, bytes: Uint8Array): void {
    this.varint((field << 3) | 2);
    this.varint(bytes.byteLength);
    this.reserve(bytes.byteLength);
    this.buffer.set(bytes, this.position);
    this.position += bytes.byteLength;
  }

  /** A field of bytes that are given as their digits of base 16, as the ids of spans are. */
  hex(field: number, digits: string): void {
    const length = digits.length >>> 1;
    this.varint((field << 3) | 2);
    this.varint(length);
    this.reserve(length);
    for (let at = 0; at < length; at += 1) {
      const high = hexDigit(digits.charCodeAt(at * 2));
      this.buffer[this.position + at] = (high << 4) | hexDigit(digits.charCodeAt(at * 2 + 1));
    }
    this.position += length;
  }

  /** A field of a whole number, an enumeration or a boolean. */
  number(field: number, value: number): void {
    this.varint(field << 3);
    this.varint(value);
  }

  /** A field of a floating-point number. */
  double(field: number, value: number): void {
    this.varint((field << 3) | 1);
    this.reserve(8);
    this.position = this.buffer.writeDoubleLE(value, this.position);
  }

  /** A field of 32 bits. */
  fixed32(field: number, value: number): void {
    this.varint((field << 3) | 5);
    this.reserve(4);
    this.position = this.buffer.writeUInt32LE(value >>> 0, this.position);
  }

  /** A field of a time in nanoseconds, from whole seconds and the rest, as the SDK has it. */
  time(field: number, [seconds, nanos]: readonly [seconds: number, nanos: number]): void {
    this.varint((field << 3) | 1);
    this.reserve(8);
    // In halves, of which each product is exact: the whole is more than a number can hold exactly.
    const low = (seconds % 65_536) * 1e9 + nanos;
    const high = Math.floor(seconds / 65_536) * 1e9;
    const lowest = low + (high % 65_536) * 65_536;
    this.position = this.buffer.writeUInt32LE(lowest >>> 0, this.position);
    const upper = Math.floor(high / 65_536) + Math.floor(lowest / 2 ** 32);
    this.position = this.buffer.writeUInt32LE(upper >>> 0, this.position);
  }

  private varint(value: number): void {
    this.reserve(10);
    const { buffer } = this;
    if (value >= 0 && value < 2 ** 31) {
      let rest = value;
      while (rest > 127) {
        buffer[this.position++] = (rest & 127) | 128;
        rest >>>= 7;
      }
      buffer[this.position++] = rest;
      return;
    }
    // A negative number is written as what it is in 64 bits, as the two's complement of its magnitude; no number as 0.
    const magnitude = Math.abs(value);
    let low = magnitude >>> 0;
    let high = (magnitude / 2 ** 32) >>> 0;
    if (value < 0) {
      low = -low >>> 0;
      high = (low === 0 ? -high : ~high) >>> 0;
    }
    while (high > 0 || low > 127) {
      buffer[this.position++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    buffer[this.position++] = low;
  }

  private reserve(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.byteLength) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.byteLength * 2));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }
}

function sizeOfVarint(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : value < 268_435_456 ? 4 : 5;
}

function hexDigit(code: number): number {
  return code <= 57 ? code - 48 : code >= 97 ? code - 87 : code - 55;
}
