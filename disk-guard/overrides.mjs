// @ts-check
import { readFile, rename, writeFile } from "node:fs/promises";
import { ask, parsed } from "../canary/ask.mjs";

/*
 * The file that Loki reads again and again while it runs (grafana.com/docs/loki/latest/configure/#runtime-configuration-file):
 * where it is, and what is in it. YAML is JSON as well.
 */

/** The tenant of a Loki without tenants. */
const tenant = "fake";

/**
 * Where the file is.
 * @typedef {object} Place
 * @property {() => Promise<string>} read
 * @property {(text: string) => Promise<void>} write
 */

/** @param {string} path of a file in a folder that Loki sees as well @returns {Place} */
export function fileAt(path) {
  return {
    read: () => readFile(path, "utf8"),
    write: async (text) => {
      // At once: Loki never sees half of it.
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    },
  };
}

/** Where Kubernetes puts what a pod is to the API server. */
const account = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The file as a ConfigMap that a pod of Loki has as a folder. The account may read and patch this one and nothing else.
 * @param {string} name @param {string} key name of the file @param {string} api base address of the API server
 * @param {() => AbortSignal} patience @param {string} folder with the account's token and namespace
 * @returns {Place}
 */
export function fileInConfigMap(name, key, api, patience, folder = account) {
  /** @param {RequestInit} init */
  const request = async (init) => {
    // Both anew: the token is another one every hour.
    const [token, namespace] = await Promise.all(
      ["token", "namespace"].map((file) => readFile(`${folder}/${file}`, "utf8")),
    );
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/merge-patch+json" };
    const url = `${api}/api/v1/namespaces/${namespace}/configmaps/${name}`;
    return (await ask(url, { ...init, headers, signal: patience() })).text;
  };
  return {
    read: async () => {
      const { data = {} } = /** @type {{ data?: Readonly<Record<string, string>> }} */ (parsed(await request({})));
      const text = data[key];
      if (text === undefined) throw new Error(`${name}: must have ${key}, has ${Object.keys(data).join(", ")}`);
      return text;
    },
    write: async (text) => {
      await request({ method: "PATCH", body: JSON.stringify({ data: { [key]: text } }) });
    },
  };
}

/**
 * The retention in force, in hours.
 * @param {string} text @param {number} configuredHours what is in force without an override
 * @throws {Error} if it is none of ours
 */
export function hoursIn(text, configuredHours) {
  const { overrides = {} } = /** @type {{ overrides?: Readonly<Record<string, { retention_period?: string }>> }} */ (
    parsed(text)
  );
  const period = overrides[tenant]?.retention_period;
  if (period === undefined) return configuredHours;
  const hours = /^(\d+)h$/.exec(period)?.[1];
  if (hours === undefined) throw new Error(`overrides: must have a retention in hours, got ${text.slice(0, 200)}`);
  return Math.min(Number(hours), configuredHours);
}

/** @param {number} hours @param {number} configuredHours */
export function overriding(hours, configuredHours) {
  const own = hours === configuredHours ? {} : { [tenant]: { retention_period: `${hours}h` } };
  return `${JSON.stringify({ overrides: own })}\n`;
}
