// The index does not export it; the exact version is pinned.
import { quantityToScalar } from "@kubernetes/client-node/dist/util.js";

/**
 * An amount of a resource as the API server writes it (`512Mi`, `250m`), by the resource's name. That of CPU is in whole
 * millicores: sums of fractions are inexact.
 */
export function amountOf(resource: string, text = "0"): number {
  const amount = Number(quantityToScalar(text));
  return isCpu(resource) ? Math.round(amount * 1000) : amount;
}

/** An amount of a resource for the user to read. */
export function shownQuantity(resource: string, amount: number): string {
  if (isCpu(resource)) return `${amount}m`;
  return /memory|storage/.test(resource) ? `${Math.floor(amount / 1024 ** 2)}Mi` : String(amount);
}

function isCpu(resource: string): boolean {
  return /(^|\.)cpu$/.test(resource);
}
