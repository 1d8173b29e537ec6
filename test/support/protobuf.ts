/** Reads protobuf messages without their schema, as far as OTLP needs it. */

/** Values of a field that has a length: messages, texts, bytes. */
export function all(message: Buffer, field: number): Buffer[] {
  return fieldsOf(message).flatMap(([at, value]) => (at === field && typeof value !== "number" ? [value] : []));
}

/** The fields of a protobuf message: numbers as numbers, everything with a length as bytes, fixed-size ones left out. */
export function fieldsOf(message: Buffer): [field: number, value: number | Buffer][] {
  const fields: [number, number | Buffer][] = [];
  let offset = 0;
  while (offset < message.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 1) offset += 8;
    else if (wireType === 5) offset += 4;
    else if (wireType === 0) fields.push([tag >> 3, varint()]);
    else {
      const length = varint();
      fields.push([tag >> 3, message.subarray(offset, offset + length)]);
      offset += length;
    }
  }
  return fields;

  function varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(offset);
      offset += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }
}
