// Keeps pages live and draws the charts. Pages work without it.
"use strict";
(() => {
  const every = 3000; // ms between two looks at the daemon; a look costs it a few ms and Kafka nothing

  // Replaces the live parts of the page by fresh ones, unless somebody is reading inside them.
  async function refresh() {
    const busy = document.hidden || getSelection().type === "Range";
    if (!busy) {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const open = [...document.querySelectorAll("[data-live] details")].map((d) => d.open);
      const focus = document.activeElement && document.activeElement.id;
      const scrolls = [...document.querySelectorAll("[data-live] .scroll")].map((s) => s.scrollLeft);
      for (const part of document.querySelectorAll("[data-live]")) {
        const next = fresh.getElementById(part.id);
        if (next) part.replaceWith(document.adoptNode(next));
      }
      document.querySelectorAll("[data-live] details").forEach((d, i) => { d.open = open[i] || false; });
      document.querySelectorAll("[data-live] .scroll").forEach((s, i) => { s.scrollLeft = scrolls[i] || 0; });
      if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
    }
  }

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function chart(id, names, colors, fill) {
    const at = document.getElementById(id);
    const axis = { stroke: () => color("--dim"), grid: { stroke: () => color("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const series = names.map((label, i) => ({ label, stroke: () => color(colors[i]), width: 2, fill: fill && i === 0 ? () => color(colors[i]) + "22" : undefined, spanGaps: false, points: { show: false } }));
    const options = { width: at.clientWidth, height: 165, series: [{}, ...series], axes: [axis, { ...axis, size: 56 }], scales: { y: { range: (_, lo, hi) => [0, Math.max(hi || 0, 1) * 1.08] } }, legend: { show: names.length > 1, live: false }, cursor: { y: false } };
    const plot = new uPlot(options, [[], ...names.map(() => [])], at);
    new ResizeObserver(() => plot.setSize({ width: at.clientWidth, height: 165 })).observe(at);
    return plot;
  }

  function charts() {
    const box = document.querySelector("[data-series]");
    if (!box) return null;
    const target = box.dataset.target ? Number(box.dataset.target) : null;
    const lag = chart("chart-lag", ["lag"], ["--accent"], true);
    const late = chart("chart-late", target === null ? ["time lag"] : ["time lag", "target"], ["--accent", "--bad"], true);
    const rates = chart("chart-rates", ["in", "out"], ["--info", "--ok"], false);
    return async () => {
      const answer = await fetch(box.dataset.series);
      if (!answer.ok) return;
      const { series: s } = await answer.json();
      lag.setData([s.seconds, s.lag]);
      late.setData(target === null ? [s.seconds, s.late] : [s.seconds, s.late, s.seconds.map(() => target)]);
      rates.setData([s.seconds, s.produced, s.consumed]);
    };
  }

  async function loop() {
    const draw = charts();
    for (;;) {
      try {
        if (draw) await draw();
        await new Promise((done) => setTimeout(done, every));
        await refresh();
        document.body.classList.remove("offline");
      } catch {
        document.body.classList.add("offline"); // the daemon does not answer: what is shown says its age
      }
    }
  }
  loop();
})();
