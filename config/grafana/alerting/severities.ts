/** How bad an alert is: `critical` gets somebody out of bed, `warning` can wait until the morning. */
export const severities = ["critical", "warning"] as const;

/** One of {@link severities}. */
export type Severity = (typeof severities)[number];
