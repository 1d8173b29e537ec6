import assert from "node:assert/strict";
import fc from "fast-check";
import { promotedResourceAttributes, victoriaMetricsFlags } from "../../../config/parts/victoria-metrics.ts";
import { anySettings } from "../../support/settings.ts";

describe("VictoriaMetrics' flags", () => {
  it("are exactly these: native OTLP, Prometheus names, 30 days (S16)", () => {
    assert.deepEqual(victoriaMetricsFlags({ retentionHours: 720, memoryMib: 256 }), [
      "-httpListenAddr=:8428",
      "-storageDataPath=/victoria-metrics-data",
      "-retentionPeriod=720h",
      "-memory.allowedBytes=96MiB",
      "-inmemoryDataFlushInterval=2s",
      "-opentelemetry.usePrometheusNaming",
      "-opentelemetry.promoteAllResourceAttributes=false",
      `-opentelemetry.promoteResourceAttributes=${promotedResourceAttributes.join(",")}`,
      "-opentelemetry.promoteScopeMetadata=false",
      "-search.latencyOffset=1s",
      "-dedup.minScrapeInterval=1ms",
      "-configAuthKey=file:///run/secrets/victoria-metrics-admin-key",
      "-deleteAuthKey=file:///run/secrets/victoria-metrics-admin-key",
      "-forceFlushAuthKey=file:///run/secrets/victoria-metrics-admin-key",
      "-forceMergeAuthKey=file:///run/secrets/victoria-metrics-admin-key",
      "-logNewSeriesAuthKey=file:///run/secrets/victoria-metrics-admin-key",
      "-metricNamesStatsResetAuthKey=file:///run/secrets/victoria-metrics-admin-key",
      "-pprofAuthKey=file:///run/secrets/victoria-metrics-admin-key",
      "-reloadAuthKey=file:///run/secrets/victoria-metrics-admin-key",
      "-search.resetCacheAuthKey=file:///run/secrets/victoria-metrics-admin-key",
      "-snapshotAuthKey=file:///run/secrets/victoria-metrics-admin-key",
      "-http.disableCORS",
      "-loggerLevel=WARN",
    ]);
  });

  it("keep two processes of one service apart by their instance id (D9)", () => {
    assert.ok(promotedResourceAttributes.includes("service.instance.id"));
  });

  it("promote what every query selects by, no attribute twice, and stay far below the 40 labels of a series", () => {
    for (const attribute of ["service.name", "service.namespace", "deployment.environment.name"] as const) {
      assert.ok(promotedResourceAttributes.includes(attribute), attribute);
    }
    assert.equal(new Set(promotedResourceAttributes).size, promotedResourceAttributes.length);
    assert.equal(promotedResourceAttributes.length, 12);
  });

  it("hold for any valid settings: the retention that was set, caches below the memory limit, the same every time", () => {
    fc.assert(
      fc.property(anySettings, ({ retentionHours, memoryMib }) => {
        const flags = victoriaMetricsFlags({ retentionHours, memoryMib: memoryMib.victoriaMetrics });
        assert.ok(flags.includes(`-retentionPeriod=${retentionHours}h`));
        const allowed = /=(\d+)MiB$/.exec(flags.find((flag) => flag.startsWith("-memory.allowedBytes=")) ?? "")?.[1];
        assert.ok(Number(allowed) > 0 && Number(allowed) < memoryMib.victoriaMetrics * 0.6);
        assert.deepEqual(victoriaMetricsFlags({ retentionHours, memoryMib: memoryMib.victoriaMetrics }), flags);
      }),
    );
  });
});
