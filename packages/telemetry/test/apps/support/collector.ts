import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const image = "otel/opentelemetry-collector-contrib:0.158.0";

/** An attribute as OTLP has it in JSON. */
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string; readonly doubleValue?: number };
}

interface Item {
  readonly attributes?: readonly Attribute[];
}

interface JsonSpan extends Item {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly events?: readonly (Item & { readonly name: string })[];
}

interface JsonRecord extends Item {
  readonly traceId?: string;
  readonly body: { readonly stringValue?: string };
}

interface JsonMetric {
  readonly name: string;
  readonly histogram?: { readonly dataPoints: readonly Item[] };
}

/** One line that the Collector's file exporter writes. */
interface Line {
  readonly resourceSpans?: readonly { readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[] }[];
  readonly resourceLogs?: readonly { readonly scopeLogs: readonly { readonly logRecords: readonly JsonRecord[] }[] }[];
  readonly resourceMetrics?: readonly {
    readonly resource: Item;
    readonly scopeMetrics: readonly { readonly metrics: readonly JsonMetric[] }[];
  }[];
}

/** Attributes by name, all as text. */
export type Attributes = Readonly<Record<string, string>>;

/** What has arrived, of all signals. */
export interface Arrived {
  readonly spans: readonly {
    readonly name: string;
    readonly traceId: string;
    readonly spanId: string;
    /** Empty in the first span of a trace. */
    readonly parentSpanId: string;
    /** As OTLP has it: 2 of a server, 3 of a client, 4 of a producer, 5 of a consumer. */
    readonly kind: number;
    readonly attributes: Attributes;
    readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  }[];
  readonly logs: readonly { readonly body: string; readonly traceId: string }[];
  readonly metrics: readonly {
    readonly serviceName: string;
    readonly name: string;
    readonly points: readonly Attributes[];
  }[];
  /** All of it as it was written, to look for what must not be there. */
  readonly text: string;
}

/** A real OpenTelemetry Collector in a container, which writes what arrives to a file. */
export class Collector {
  readonly url: string;
  private readonly name: string;
  private readonly folder: string;

  private constructor(name: string, folder: string, url: string) {
    this.name = name;
    this.folder = folder;
    this.url = url;
  }

  /** Starts one that takes OTLP over HTTP on a free port of 127.0.0.1. */
  static async start(): Promise<Collector> {
    const folder = mkdtempSync(join(tmpdir(), "telemetry-collector-"));
    const name = `telemetry-apps-${process.pid}`;
    const exporters = { file: { path: "/out/all.json", flush_interval: "100ms" } };
    const pipeline = { receivers: ["otlp"], exporters: ["file"] };
    const config = {
      receivers: { otlp: { protocols: { http: { endpoint: "0.0.0.0:4318" } } } },
      exporters,
      service: { pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline } },
    };
    writeFileSync(join(folder, "config.yaml"), JSON.stringify(config));
    // The image's user is nobody here.
    chmodSync(folder, 0o777);
    await run("docker", [
      ...["run", "--detach", "--name", name, "--publish", "127.0.0.1::4318", "--volume", `${folder}:/out`],
      ...[image, "--config=/out/config.yaml"],
    ]);
    const { stdout } = await run("docker", ["port", name, "4318/tcp"]);
    return new Collector(name, folder, `http://${stdout.trim().split("\n")[0] ?? ""}`);
  }

  /** What has arrived so far. */
  arrived(): Arrived {
    const file = join(this.folder, "all.json");
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const lines = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
    return {
      text,
      spans: lines.flatMap(({ resourceSpans = [] }) =>
        resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) =>
            spans.map(({ name, traceId, spanId, parentSpanId = "", kind, attributes, events = [] }) => ({
              name,
              traceId,
              spanId,
              parentSpanId,
              kind,
              attributes: asRecord(attributes),
              events: events.map((event) => ({ name: event.name, attributes: asRecord(event.attributes) })),
            })),
          ),
        ),
      ),
      logs: lines.flatMap(({ resourceLogs = [] }) =>
        resourceLogs.flatMap(({ scopeLogs }) =>
          scopeLogs.flatMap(({ logRecords }) =>
            logRecords.map(({ body, traceId = "" }) => ({ body: body.stringValue ?? "", traceId })),
          ),
        ),
      ),
      metrics: lines.flatMap(({ resourceMetrics = [] }) =>
        resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
          scopeMetrics.flatMap(({ metrics }) =>
            metrics.map(({ name, histogram }) => ({
              serviceName: asRecord(resource.attributes)["service.name"] ?? "",
              name,
              points: (histogram?.dataPoints ?? []).map(({ attributes }) => asRecord(attributes)),
            })),
          ),
        ),
      ),
    };
  }

  async remove(): Promise<void> {
    await run("docker", ["rm", "--force", "--volumes", this.name]);
    rmSync(this.folder, { recursive: true });
  }
}

function asRecord(attributes: readonly Attribute[] = []): Attributes {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? String(value.doubleValue ?? "")]),
  );
}
