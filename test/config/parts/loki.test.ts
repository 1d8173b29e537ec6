import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { z } from "zod";
import { lokiConfig, lokiIndexLabels, type LokiSettings } from "../../../config/parts/loki.ts";
import { anySettings, canonicalSeconds } from "../../support/settings.ts";

const defaults: LokiSettings = {
  retentionHours: 720,
  memoryMib: 256,
  compactionIntervalSeconds: 600,
  retentionDeleteDelaySeconds: 7200,
};

const shape = z.looseObject({
  common: z.looseObject({}),
  compactor: z.looseObject({ compaction_interval: z.string(), retention_delete_delay: z.string() }),
  ingester: z.looseObject({ wal: z.looseObject({ replay_memory_ceiling: z.string() }) }),
  querier: z.looseObject({ max_concurrent: z.number() }),
  limits_config: z.looseObject({
    retention_period: z.string(),
    max_query_lookback: z.string(),
    max_query_length: z.string(),
  }),
});

function config(overrides: Partial<LokiSettings> = {}): z.output<typeof shape> {
  return shape.parse(parse(lokiConfig({ ...defaults, ...overrides })));
}

const configOf = fc
  .tuple(anySettings)
  .map(([{ retentionHours, memoryMib, loki }]) => ({ retentionHours, memoryMib: memoryMib.loki, ...loki }));

describe("Loki's configuration", () => {
  it("is one instance that keeps everything on its own disk, below its data folder (S13)", () => {
    const { common } = config();
    assert.deepEqual(common, {
      instance_addr: "127.0.0.1",
      path_prefix: "/loki",
      replication_factor: 1,
      ring: { kvstore: { store: "inmemory" } },
      storage: { filesystem: { chunks_directory: "/loki/chunks", rules_directory: "/loki/rules" } },
    });
  });

  it("uses tsdb with schema v13, without which OTLP's structured metadata is refused (S15)", () => {
    assert.deepEqual(config()["schema_config"], {
      configs: [
        {
          from: "2024-01-01",
          store: "tsdb",
          object_store: "filesystem",
          schema: "v13",
          index: { prefix: "index_", period: "24h" },
        },
      ],
    });
  });

  it("asks nobody for a password, since it listens inside the network and on loopback only (S17)", () => {
    assert.equal(config()["auth_enabled"], false);
    assert.deepEqual(config()["server"], {
      http_listen_port: 3100,
      http_server_write_timeout: "2m10s",
      log_level: "warn",
      grpc_listen_address: "127.0.0.1",
      grpc_server_max_recv_msg_size: 67108864,
      grpc_server_max_send_msg_size: 67108864,
    });
  });

  it("takes neither deletions nor rules from whoever reaches its port", () => {
    assert.equal(config().limits_config["deletion_mode"], "disabled");
    assert.deepEqual(config()["ruler"], { enable_api: false });
  });

  it("deletes what is older than the retention, instead of only naming the period (S16)", () => {
    assert.deepEqual(config().compactor, {
      working_directory: "/loki/compactor",
      compaction_interval: "10m0s",
      retention_enabled: true,
      retention_delete_delay: "2h0m0s",
      retention_delete_worker_count: 10,
      delete_request_store: "filesystem",
    });
  });

  it("takes OTLP with structured metadata, hides nothing by age or length, and never refuses a batch for its size (S10, S14, D15)", () => {
    assert.deepEqual(config().limits_config, {
      allow_structured_metadata: true,
      retention_period: "720h",
      max_query_lookback: "720h",
      query_timeout: "2m0s",
      max_query_length: "721h",
      max_structured_metadata_size: 0,
      max_structured_metadata_entries_count: 0,
      max_label_value_length: 65_536,
      reject_old_samples_max_age: "720h",
      ingestion_rate_mb: 64,
      ingestion_burst_size_mb: 128,
      creation_grace_period: "2h",
      per_stream_rate_limit: "64MB",
      per_stream_rate_limit_burst: "128MB",
      max_line_size_truncate: true,
      tsdb_max_query_parallelism: 16,
      deletion_mode: "disabled",
      discover_service_name: [],
      otlp_config: {
        resource_attributes: {
          ignore_defaults: true,
          attributes_config: [
            { action: "index_label", attributes: ["service.name", "service.namespace", "deployment.environment.name"] },
            { action: "drop", regex: "process\\..*" },
          ],
        },
      },
    });
  });

  it("indexes by service, namespace and environment and by nothing unbounded; trace and span ids stay metadata (S11, S12, D15)", () => {
    assert.deepEqual([...lokiIndexLabels], ["service.name", "service.namespace", "deployment.environment.name"]);
  });

  it("replays its log within the memory limit: the default of 4 GB would be killed at every start (D15)", () => {
    assert.equal(config().ingester.wal.replay_memory_ceiling, "96MB");
    assert.deepEqual(config().ingester.wal, {
      dir: "/loki/wal",
      checkpoint_duration: "1m",
      flush_on_shutdown: true,
      replay_memory_ceiling: "96MB",
    });
  });

  it("shows a line as soon as it is stored, and for as long as it is only in memory", () => {
    assert.equal(config().querier["query_ingesters_within"], "0s");
  });

  it("is not killed for memory by lines that come fast, nor by queries of many lines meanwhile (D15)", () => {
    const concurrent = [128, 256, 1024].map((memoryMib) => config({ memoryMib }).querier.max_concurrent);
    assert.deepEqual(concurrent, [1, 2, 8]);
    assert.deepEqual(config()["storage_config"], { max_chunk_batch_size: 24 });
    assert.equal(config().ingester["flush_check_period"], "2s");
    assert.equal(config().ingester["chunk_target_size"], 524_288);
  });

  it("sends no usage reports (D15)", () => {
    assert.deepEqual(config()["analytics"], { reporting_enabled: false });
  });

  it("follows every setting, and nothing else changes with it", () => {
    const changed = config({ retentionHours: 48, memoryMib: 512, compactionIntervalSeconds: 10 });
    const base = config();
    const expected = {
      ...base,
      compactor: { ...base.compactor, compaction_interval: "10s" },
      ingester: { ...base.ingester, wal: { ...base.ingester.wal, replay_memory_ceiling: "192MB" } },
      querier: { ...base.querier, max_concurrent: 4 },
      limits_config: {
        ...base.limits_config,
        retention_period: "48h",
        max_query_lookback: "48h",
        max_query_length: "49h",
        reject_old_samples_max_age: "168h",
      },
    };
    assert.deepEqual(changed, expected);
    assert.equal(config({ retentionDeleteDelaySeconds: 5 }).compactor.retention_delete_delay, "5s");
  });

  it("holds for any valid settings: one retention everywhere, a query over all of it, memory below the limit", () => {
    fc.assert(
      fc.property(configOf, (settings) => {
        const { limits_config: limits, ingester, compactor } = config(settings);
        assert.equal(limits.retention_period, `${settings.retentionHours}h`);
        assert.equal(limits.max_query_lookback, limits.retention_period);
        assert.ok(Number.parseInt(limits.max_query_length) > settings.retentionHours);
        const ceiling = /^(\d+)MB$/.exec(ingester.wal.replay_memory_ceiling)?.[1];
        const chunkAndResultCaches = 16 + 8;
        assert.ok(Number(ceiling) > 0 && Number(ceiling) + chunkAndResultCaches < settings.memoryMib * 0.8);
        assert.equal(canonicalSeconds(compactor.compaction_interval), settings.compactionIntervalSeconds);
        assert.equal(canonicalSeconds(compactor.retention_delete_delay), settings.retentionDeleteDelaySeconds);
        assert.equal(lokiConfig(settings), lokiConfig({ ...settings }));
      }),
    );
  });
});
