import assert from "node:assert/strict";
import { csvOf, grownMib, type PartSample, type Sample } from "../../bench/samples.ts";

function sample(seconds: number, ownMib: number): Sample {
  const part = (own: number): PartSample => ({ own, counted: own + 10, disk: 1 });
  return {
    seconds,
    acknowledged: seconds * 1000,
    parts: { loki: part(ownMib), "victoria-metrics": part(20), jaeger: part(30), "otel-collector": part(40) },
    queues: { logs: 0.5, traces: Number.NaN, metrics: 0 },
    ended: seconds > 0 ? ["jaeger"] : [],
  };
}

describe("samples of a soak", () => {
  it("are lines of comma-separated values under their names", () => {
    assert.equal(
      csvOf([sample(0, 50), sample(10, 51.26)], ["loki", "jaeger"]),
      "seconds,acknowledged,loki own MiB,loki counted MiB,loki disk MiB,jaeger own MiB,jaeger counted MiB,jaeger disk MiB," +
        "logs waiting MiB,traces waiting MiB,metrics waiting MiB,ended\n" +
        "0,0,50.0,60.0,1.0,30.0,40.0,1.0,0.50,NaN,0.00,\n" +
        "10,10000,51.3,61.3,1.0,30.0,40.0,1.0,0.50,NaN,0.00,jaeger\n",
    );
  });

  it("say by how much memory has grown over the second half, whatever it did before", () => {
    const samples = [10, 200, 100, 103, 106, 109].map((own, index) => sample(index * 10, own));
    assert.ok(Math.abs(grownMib(samples, "loki") - 6) < 1e-9);
    assert.equal(grownMib(samples, "jaeger"), 0);
    assert.equal(grownMib([], "jaeger"), 0);
  });
});
