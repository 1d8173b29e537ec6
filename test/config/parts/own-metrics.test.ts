import assert from "node:assert/strict";
import { scrapedOf, scrapedTargets } from "../../../config/parts/own-metrics.ts";
import { partList, parts } from "../../../config/parts/parts.ts";
import { knownParts } from "../../support/further-parts.ts";
import { delivery } from "../../support/settings.ts";

describe("the parts that measure themselves", () => {
  it("are those that say where, with the memory limits of the settings", () => {
    const { loki, grafana } = parts;
    const silent = { ...grafana, metrics: "none" } as const;
    assert.deepEqual(scrapedOf([loki, silent], { loki: 300 }), [
      { host: "loki", address: "loki:3100", memoryMib: 300, kept: loki.metrics === "none" ? {} : loki.metrics.kept },
    ]);
    assert.throws(() => scrapedOf([loki], {}), { message: "loki: must have a memory limit, has none" });
  });

  it("are connected to where others reach them, and not by what is on loopback", () => {
    assert.deepEqual(scrapedTargets(knownParts), [
      { host: "loki", port: 3100 },
      { host: "victoria-metrics", port: 8428 },
      { host: "jaeger", port: 8888 },
      { host: "grafana", port: 3000 },
    ]);
  });

  it("say the same of their processes under the same names", () => {
    const names = delivery.scraped.map(({ kept }) =>
      Object.entries(kept).map(([name, { storedAs = name }]) => storedAs),
    );
    for (const stored of names) {
      for (const name of ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_uptime_seconds"])
        assert.ok(stored.includes(name), name);
    }
    assert.equal(names.length, partList.filter(({ metrics }) => metrics !== "none").length);
  });

  it("store no metric under a name that the Collector sends itself, which queries would count twice", () => {
    const names = delivery.scraped.flatMap(({ kept }) =>
      Object.entries(kept).map(([name, { storedAs = name }]) => storedAs),
    );
    assert.deepEqual(
      names.filter((name) => name.startsWith("otelcol_")),
      [],
    );
  });
});
