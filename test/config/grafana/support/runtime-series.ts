import type { StoredSeries } from "./stored-series.ts";

const instance = ["service_name", "service_namespace", "deployment_environment_name", "service_instance_id"];

/**
 * Metrics of runtimes other than Node.js, as VictoriaMetrics has them of their SDKs: the JVM's, Go's and Python's as they are
 * in test/recordings, but for Go's `go_schedule_duration_seconds`, which only `runtime.NewProducer` makes, and for .NET's,
 * which are by the conventions (opentelemetry.io/docs/specs/semconv/runtime).
 */
export const runtimeSeries: StoredSeries = new Map(
  Object.entries({
    jvm_memory_used_bytes: [...instance, "jvm_memory_type", "jvm_memory_pool_name"],
    jvm_cpu_recent_utilization_ratio: instance,
    jvm_gc_duration_seconds_sum: [...instance, "jvm_gc_name", "jvm_gc_action"],
    jvm_gc_duration_seconds_count: [...instance, "jvm_gc_name", "jvm_gc_action"],
    jvm_thread_count: [...instance, "jvm_thread_state", "jvm_thread_daemon"],
    go_memory_used_bytes: [...instance, "go_memory_type"],
    go_goroutine_count: instance,
    go_schedule_duration_seconds_bucket: [...instance, "le"],
    process_memory_usage_bytes: instance,
    process_cpu_utilization_ratio: instance,
    process_thread_count: instance,
    dotnet_process_memory_working_set_bytes: instance,
    dotnet_process_cpu_time_seconds_total: [...instance, "cpu_mode"],
    dotnet_thread_pool_thread_count: instance,
  }).map(([name, labels]) => [name, new Set(labels)]),
);
