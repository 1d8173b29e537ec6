import assert from "node:assert/strict";
import { dashboardLink, exploreLink } from "../../../../config/grafana/dashboards/links.ts";

describe("a link into Explore", () => {
  const expr = '{a="${__field.labels.a}",b=~"${b:pipe}"} |= "50 % & more"';
  const link = exploreLink("Logs", "loki", { expr }).build();

  it("leaves variables as Grafana replaces them and encodes everything else", () => {
    assert.equal(
      link.url,
      "/explore?orgId=1&left=%7B%22datasource%22%3A%22loki%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22expr%22%3A%22" +
        "%7Ba%3D%5C%22${__field.labels.a}%5C%22%2Cb%3D~%5C%22${b:pipe}%5C%22%7D%20%7C%3D%20%5C%2250%20%25%20%26%20more%5C%22%22%7D%5D%2C" +
        "%22range%22%3A%7B%22from%22%3A%22${__from}%22%2C%22to%22%3A%22${__to}%22%7D%7D",
    );
    assert.deepEqual([link.title, link.targetBlank], ["Logs", true]);
  });

  it("is one query over the time on the screen, once decoded", () => {
    assert.deepEqual(JSON.parse(new URLSearchParams(link.url?.split("?")[1]).get("left") ?? ""), {
      datasource: "loki",
      queries: [{ refId: "A", expr }],
      range: { from: "${__from}", to: "${__to}" },
    });
  });
});

describe("a link to a dashboard", () => {
  it("sets its variables, keeps the time on the screen, and may show one panel only", () => {
    const variables = { service: "${__value.raw}", namespace: "a&b" };
    assert.equal(
      dashboardLink("There", "services", variables, 3).build().url,
      "/d/services?var-service=${__value.raw}&var-namespace=a%26b&${__url_time_range}&viewPanel=3",
    );
    assert.equal(dashboardLink("There", "services", {}).build().url, "/d/services?${__url_time_range}");
  });
});
