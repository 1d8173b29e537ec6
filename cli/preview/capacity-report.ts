import type { Capacity, DiskCapacity } from "../../config/capacity.ts";
import { columns, section } from "./report.ts";

/** What a stack is expected to take, for a person to read: a row for each part. */
export function capacityText(capacity: Capacity): string {
  const { expected, retentionDays, parts, notMeasured, total } = capacity;
  const rates = [
    `${expected.services} services`,
    `${expected.linesPerSecond} lines of ${expected.lineBytes} bytes a second`,
    `${expected.spansPerSecond} spans a second`,
    `${expected.activeSeries} series with a point every ${expected.secondsBetweenPoints} s`,
  ];
  const rows = [...parts, { part: "together", ...total }].map(({ part, memoryMib, cores, disk }) => [
    part,
    `${memoryMib.expected} of ${memoryMib.limit} MiB`,
    cores.toFixed(2),
    ...(disk === undefined ? [] : diskCells(disk)),
  ]);
  const header = ["part", "memory", "cores", `disk after ${number(retentionDays)} days`, "days that fit"];
  return section("Expected", [
    rates.join(", "),
    ...columns([header, ...rows]),
    ...notMeasured.map((part) => `${part}: not measured, so nothing is known of what it takes`),
    "Memory is what the limit has to be. From measurements on one machine, see docs/capacity.md.",
  ]);
}

function diskCells({ gib, roomGib, daysThatFit }: DiskCapacity): readonly string[] {
  const size = `${gib.toFixed(1)}${roomGib === undefined ? "" : ` of ${roomGib}`} GiB`;
  return [size, daysThatFit === undefined ? "" : String(daysThatFit)];
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}
