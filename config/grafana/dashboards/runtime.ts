import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { promql, timeseries } from "./common.ts";
import { row, type Row } from "./dashboard.ts";

/** Who says something of a kind of runtime, and the PromQL of it. */
type Said = readonly [who: string, expr: string];

/**
 * Memory, load, waiting and work of a process in whichever language: OpenTelemetry's conventions name each runtime's metrics
 * apart (opentelemetry.io/docs/specs/semconv/runtime), so each panel asks for those of all, and has what there is.
 *
 * @param one the labels that choose the service
 */
export function runtimeRows(one: string): readonly Row[] {
  const sum = (metric: string, filter = ""): string => `sum by (service_instance_id) (${metric}{${one}${filter}})`;
  const rate = (metric: string): string => `sum by (service_instance_id) (rate(${metric}{${one}}[$__rate_interval]))`;
  /** All that is said by anybody, each with who says it. */
  const anyOf = (said: readonly Said[]): string =>
    said.map(([who, expr]) => `label_replace(${expr}, "runtime", "${who}", "", "")`).join(" or ");
  const panel = (
    title: string,
    description: string,
    unit: string,
    none: string,
    said: readonly Said[],
  ): Builder<Panel> =>
    timeseries({
      title,
      description,
      unit,
      none,
      targets: [promql("A", anyOf(said), "{{service_instance_id}} {{runtime}}")],
    });
  const memoryAndLoad = [
    panel(
      "Memory",
      "By instance: the heap of Node.js and the JVM, what Go has taken, the whole process of Python and .NET.",
      "bytes",
      "This service sends no metric of its memory",
      [
        ["heap", sum("v8js_memory_heap_used_bytes")],
        ["heap", sum("jvm_memory_used_bytes", ',jvm_memory_type="heap"')],
        ["Go", sum("go_memory_used_bytes")],
        ["process", sum("process_memory_usage_bytes")],
        ["process", sum("dotnet_process_memory_working_set_bytes")],
      ],
    ),
    panel(
      "How busy",
      "By instance: the part of the time in which the event loop of Node.js works; of the processors that the JVM, Python or .NET uses. Go does not say.",
      "percentunit",
      "This service sends no metric of how busy it is",
      [
        ["event loop", sum("nodejs_eventloop_utilization_ratio")],
        ["processor", sum("jvm_cpu_recent_utilization_ratio")],
        ["processor", sum("process_cpu_utilization_ratio")],
        ["processor", rate("dotnet_process_cpu_time_seconds_total")],
      ],
    ),
  ];
  const pauses = rate("jvm_gc_duration_seconds_count");
  const waitingAndWork = [
    panel(
      "Held up",
      "How long work waits for the runtime, by instance: the event loop's delay of 99 in 100, the mean pause for garbage of the JVM, 99 in 100 of Go's waits for a processor, if the program hands runtime.NewProducer to its metrics' reader.",
      "s",
      "This service sends no metric of what it waits for",
      [
        ["event loop", sum("nodejs_eventloop_delay_p99_seconds")],
        // Without a pause the mean is no number: then it is the rate of pauses, which is 0.
        ["garbage", `${rate("jvm_gc_duration_seconds_sum")} / ${pauses} or ${pauses}`],
        // Not among what runtime.Start sends (contrib/instrumentation/runtime): a producer of its own makes it.
        [
          "scheduler",
          `histogram_quantile(0.99, sum by (le, vmrange, service_instance_id) (rate(go_schedule_duration_seconds_bucket{${one}}[$__rate_interval])))`,
        ],
      ],
    ),
    panel(
      "At work",
      "By instance: what keeps Node.js alive, threads of the JVM, Python and .NET, goroutines.",
      "short",
      "This service sends no metric of its threads",
      [
        ["resources", sum("v8js_resource_active")],
        ["threads", sum("jvm_thread_count")],
        ["goroutines", sum("go_goroutine_count")],
        ["threads", sum("process_thread_count")],
        ["threads", sum("dotnet_thread_pool_thread_count")],
      ],
    ),
  ];
  return [row(8, memoryAndLoad), row(8, waitingAndWork)];
}
