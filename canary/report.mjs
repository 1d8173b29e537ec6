// @ts-check
import { ask } from "./ask.mjs";

/**
 * Hands numbers of a part straight to the store of metrics: what they say must not depend on the way that they report on. As text
 * (docs.victoriametrics.com/victoriametrics/#how-to-import-data-in-prometheus-exposition-format).
 * @param {string} metrics @param {string} part its host name
 * @param {readonly { readonly name: string, readonly value: number, readonly signal?: string }[]} numbers
 * @param {AbortSignal} abort
 */
export async function report(metrics, part, numbers, abort) {
  const lines = numbers.map(({ name, signal, value }) => {
    const labels = [...(signal === undefined ? [] : [`signal="${signal}"`]), `service_name="${part}"`];
    return `${name}{${[...labels, 'service_namespace="stack"'].join(",")}} ${value}\n`;
  });
  await ask(`${metrics}/api/v1/import/prometheus`, { method: "POST", body: lines.join(""), signal: abort });
}
