// Keeps pages live and draws the charts. Pages work without it.
"use strict";
(() => {
  const every = 3000; // ms between two looks at the daemon; a look costs it a few ms and Kafka nothing

  const reachable = () => [...document.querySelectorAll("[data-live] :is(a, summary, [tabindex])")];

  // How to find what has the focus again when the live parts are new: by its id, where it leads, or its place. Null: it stays.
  function focusOf(e) {
    const place = reachable().indexOf(e);
    if (place < 0) return null;
    if (e.id) return () => document.getElementById(e.id);
    const href = e.getAttribute("href");
    return () => (href && reachable().find((other) => other.getAttribute("href") === href)) || reachable()[place];
  }

  // Replaces the live parts of the page by fresh ones, unless somebody is reading inside them.
  async function refresh() {
    const busy = document.hidden || getSelection().type === "Range";
    if (!busy) {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.status >= 500 && answer.status !== 503) throw new Error(answer.statusText);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const open = [...document.querySelectorAll("[data-live] details")].map((d) => d.open);
      const focused = focusOf(document.activeElement);
      const scrolls = [...document.querySelectorAll("[data-live] .scroll")].map((s) => s.scrollLeft);
      for (const part of document.querySelectorAll("[data-live]")) {
        const next = fresh.getElementById(part.id);
        if (next) part.replaceWith(document.adoptNode(next));
      }
      offerPNG();
      document.querySelectorAll("[data-live] details").forEach((d, i) => { d.open = open[i] || false; });
      document.querySelectorAll("[data-live] .scroll").forEach((s, i) => { s.scrollLeft = scrolls[i] || 0; });
      if (focused) focused()?.focus({ preventScroll: true });
    }
  }

  const stale = (is) => { document.getElementById("gone").hidden = !is; };

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function chart(id, names, colors, fill) {
    const at = document.getElementById(id);
    const clock = (_, at) => at.map((s) => new Date(s * 1000).toISOString().slice(11, at[1] - at[0] < 60 ? 19 : 16));
    const axis = { stroke: () => color("--dim"), grid: { stroke: () => color("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const series = names.map((label, i) => ({ label, stroke: () => color(colors[i]), width: 2, fill: fill && i === 0 ? () => color(colors[i]) + "22" : undefined, spanGaps: false, points: { show: false } }));
    const options = { tzDate: (s) => uPlot.tzDate(new Date(s * 1000), "Etc/UTC"), width: at.clientWidth, height: 165, series: [{}, ...series], axes: [{ ...axis, values: clock, space: 80 }, { ...axis, size: 56 }], scales: { y: { range: (_, lo, hi) => [0, Math.max(hi || 0, 1) * 1.08] } }, legend: { show: names.length > 1, live: false }, cursor: { y: false } };
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

  // Offers the picture as a PNG, twice as large as on the page: the browser draws it.
  function offerPNG() {
    for (const link of document.querySelectorAll("a[data-png]")) link.hidden = false;
  }

  async function download(link) {
    const image = new Image();
    image.src = link.href;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const file = document.createElement("a");
    file.download = link.download;
    file.href = canvas.toDataURL("image/png");
    file.click();
  }

  document.addEventListener("click", (e) => {
    const link = e.target.closest?.("a[data-png]");
    if (!link) return;
    e.preventDefault();
    download(link);
  });

  async function loop() {
    offerPNG();
    const draw = charts();
    for (let first = true; ; first = false) {
      try {
        if (!first) await refresh();
        if (draw) await draw();
        stale(false);
      } catch {
        stale(true); // the daemon does not answer
      }
      await new Promise((done) => setTimeout(done, every));
    }
  }
  loop();
})();
