import assert from "node:assert/strict";
import fc from "fast-check";
import { jaegerConfig } from "../../config/parts/jaeger.ts";
import { lokiConfig } from "../../config/parts/loki.ts";
import { victoriaMetricsFlags } from "../../config/parts/victoria-metrics.ts";
import { anySettings } from "../support/settings.ts";

describe("the retention", () => {
  it("is the same in all three stores, whatever it is set to (S16, D11)", () => {
    fc.assert(
      fc.property(anySettings, ({ retentionHours, memoryMib, loki }) => {
        const found = [
          /^ {2}retention_period: (.*)$/m.exec(lokiConfig({ retentionHours, memoryMib: memoryMib.loki, ...loki })),
          /^ *spans: (.*)$/m.exec(jaegerConfig({ retentionHours })),
          /^-retentionPeriod=(.*)$/m.exec(
            victoriaMetricsFlags({ retentionHours, memoryMib: memoryMib.victoriaMetrics }).join("\n"),
          ),
        ].map((match) => match?.[1]);
        assert.deepEqual(found, Array(3).fill(`${retentionHours}h`));
      }),
    );
  });
});
