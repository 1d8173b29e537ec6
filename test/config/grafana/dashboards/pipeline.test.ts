import assert from "node:assert/strict";
import { dashboardFiles, dashboardPath } from "../../../../config/grafana/dashboards/dashboards.ts";
import { noSurroundings, partProcess } from "../../../../config/parts/processes.ts";
import { settings } from "../../../support/settings.ts";
import { panelsOf, readDashboard } from "../support/dashboard.ts";

const ofSampling = ["Traces kept and not kept", "Traces that wait for their rest"];

describe("the pipeline dashboard", () => {
  it("shows what is kept of traces only where not all of them are: without sampling these panels would be empty", () => {
    const titles = (shown: object): readonly string[] =>
      readDashboard("pipeline", shown).panels.map(({ title }) => title);
    const [off, on] = [titles({}), titles({ mostWaitingTraces: 10 })];
    assert.deepEqual(
      on.filter((title) => !off.includes(title)),
      ["Which traces are kept", ...ofSampling],
    );
    assert.equal(on.length, off.length + 3);
  });

  it("is deployed by the setting, with as many traces as the Collector lets wait", () => {
    const deployed = (tailSampling: { keepPercent: number } | undefined): string => {
      const given = settings({ memoryMib: { otelCollector: 300 }, otelCollector: { tailSampling } });
      const { configFiles } = partProcess("grafana", given, noSurroundings);
      return configFiles.find(({ path }) => path === dashboardPath("pipeline"))?.content ?? assert.fail();
    };
    const fileOf = (shown: object): string | undefined =>
      dashboardFiles(shown).find(({ path }) => path === dashboardPath("pipeline"))?.content;
    assert.equal(deployed(undefined), fileOf({}));
    assert.equal(deployed({ keepPercent: 10 }), fileOf({ mostWaitingTraces: 4800 }));
    assert.notEqual(fileOf({ mostWaitingTraces: 4800 }), fileOf({}));
  });

  it("counts a trace by the one rule that has kept it, and those that none has kept once", () => {
    const [decided, waiting] = panelsOf("pipeline").filter(({ title }) => ofSampling.includes(title));
    const counted = 'rate(otelcol_processor_tail_sampling_count_traces_sampled_total{service_namespace="stack"';
    assert.deepEqual(
      [decided, waiting].map((panel) => panel?.targets.map(({ expr }) => expr)),
      [
        [
          `sum(${counted},decision="not_sampled",policy="stack.share"}[$__rate_interval]))`,
          `sum by (rule) (label_replace(${counted},decision="sampled",policy=~"stack[.].+"}[$__rate_interval]), "rule", "$1", "policy", "[^.]*[.](.*)"))`,
        ],
        ['max(otelcol_processor_tail_sampling_sampling_traces_on_memory{service_namespace="stack"}) / 4096'],
      ],
    );
  });
});
