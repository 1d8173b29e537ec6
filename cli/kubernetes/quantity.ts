// The index does not export it; the exact version is pinned.
import { quantityToScalar } from "@kubernetes/client-node/dist/util.js";

/** A quantity as the API server writes it (`512Mi`, `2`) as a number. */
export function quantity(text: string): number {
  return Number(quantityToScalar(text));
}

/** A share of a processor core as the API server writes it (`250m`, `2`), in whole millicores: sums of fractions are inexact. */
export function millicores(text: string): number {
  return Math.round(quantity(text) * 1000);
}

/** An amount of a resource, by the resource's name in quotas: CPU in millicores, everything else as it is. */
export function amountOf(resource: string, text: string): number {
  return isCpu(resource) ? millicores(text) : quantity(text);
}

/** An amount of a resource for the user to read. */
export function shownQuantity(resource: string, amount: number): string {
  if (isCpu(resource)) return `${amount}m`;
  return /memory|storage/.test(resource) ? `${Math.floor(amount / 1024 ** 2)}Mi` : String(amount);
}

function isCpu(resource: string): boolean {
  return /(^|\.)cpu$/.test(resource);
}
