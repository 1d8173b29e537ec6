import { randomBytes } from "node:crypto";
import { SeverityNumber } from "@opentelemetry/api";
import { ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";

/** Stand in the bytes of a request for what is another in each. */
const placeholderSeconds = 1_111_111_111;
const placeholderNumber = "000000000000";

/**
 * Requests of numbered log lines, as the OpenTelemetry SDK of JavaScript encodes them, each line once: made by writing
 * times and numbers into one that was encoded before, so that the sender takes little of the processor.
 */
export class LogRequests {
  private readonly bytes: Buffer;
  private readonly times: readonly number[];
  private readonly numbers: readonly number[];

  /** @param lines how many a request has @param length of a line, in bytes */
  constructor(serviceName: string, lines: number, length: number) {
    this.bytes = encoded(serviceName, lines, length);
    const time = Buffer.alloc(8);
    time.writeBigUInt64LE(BigInt(placeholderSeconds) * 1_000_000_000n);
    this.times = places(this.bytes, time);
    this.numbers = places(this.bytes, Buffer.from(placeholderNumber));
  }

  /** The next request. The buffer is the same each time: it must have been sent before the next is asked for. */
  next(firstNumber: number): Buffer {
    const now = BigInt(Date.now()) * 1_000_000n;
    for (const place of this.times) this.bytes.writeBigUInt64LE(now, place);
    for (const [index, place] of this.numbers.entries()) {
      this.bytes.write(String(firstNumber + index).padStart(placeholderNumber.length, "0"), place, "latin1");
    }
    return this.bytes;
  }
}

function encoded(serviceName: string, lines: number, length: number): Buffer {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({
      "service.name": serviceName,
      "service.namespace": "bench",
      "service.version": "1.0.0",
      "service.instance.id": `${serviceName}-1`,
      "deployment.environment.name": "bench",
      "telemetry.sdk.language": "nodejs",
      "telemetry.sdk.name": "opentelemetry",
      "telemetry.sdk.version": "2.0.0",
      "process.pid": 1,
      "process.runtime.name": "nodejs",
      "host.name": "bench",
    }),
    processors: [new SimpleLogRecordProcessor({ exporter })],
  });
  const logger = provider.getLogger("bench", "1.0.0");
  for (let line = 0; line < lines; line += 1) {
    const start = `{"level":"info","message":"order accepted","number":"${placeholderNumber}","trace_id":"${randomBytes(16).toString("hex")}","text":"`;
    logger.emit({
      timestamp: placeholderSeconds * 1000,
      observedTimestamp: placeholderSeconds * 1000,
      severityNumber: SeverityNumber.INFO,
      severityText: "INFO",
      body: `${start}${randomBytes(length)
        .toString("base64")
        .slice(0, length - start.length - 2)}"}`,
    });
  }
  const request = ProtobufLogsSerializer.serializeRequest(exporter.getFinishedLogRecords());
  if (request === undefined) throw new Error("the request must be encoded, got nothing");
  return Buffer.from(request);
}

function places(bytes: Buffer, wanted: Buffer): readonly number[] {
  const found: number[] = [];
  for (let place = bytes.indexOf(wanted); place !== -1; place = bytes.indexOf(wanted, place + wanted.length)) {
    found.push(place);
  }
  return found;
}
