"use strict";
(() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const specs = read("charts-data");
  const data = read("page-data");
  const views = new Map();
  const NARROW = 520;

  /* Text from elsewhere only ever becomes text of an element, never HTML. */
  function element(tag, text, attributes = {}) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  function tell(text) {
    const live = find("#live");
    if (live) live.textContent = text;
  }

  const grouped = (number) => number.toLocaleString("en-US");
  const plural = (count, noun) => `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;

  /* As the tables of Python: only 1 is 100 %, only 0 is 0 %. */
  function shown(value, fraction) {
    if (value === null || value === undefined) return "–";
    if (!fraction) return String(Number(value.toPrecision(4)));
    const percent = value > 0 && value < 1 ? Math.min(Math.max(100 * value, 0.01), 99.99) : 100 * value;
    return `${percent.toFixed(2)} %`;
  }

  /* ---- charts ---- */

  function fitted(spec, width) {
    const legend = { ...(spec.config || {}).legend };
    legend.columns = width < NARROW ? 1 : width < 800 ? 2 : 4;
    legend.labelLimit = Math.max(120, Math.min(320, width - 80));
    return { ...spec, config: { ...spec.config, legend } };
  }

  async function draw(place, spec) {
    const name = place.dataset.chart;
    if (!spec) {
      if (views.has(name)) return views.get(name);
      spec = specs[name];
    }
    if (!spec || typeof vegaEmbed === "undefined") return null;
    const old = views.get(name);
    try {
      const made = await vegaEmbed(place, fitted(spec, place.clientWidth), {
        actions: false, ast: true, renderer: "svg",
      });
      if (old) old.finalize();
      views.set(name, made.view);
      made.view.addEventListener("click", (event, item) => chosenIn(place, item));
      return made.view;
    } catch (error) {
      place.classList.add("failed");
      place.textContent = "The chart cannot be drawn here; its numbers stand in the tables.";
      console.error(`chart ${name}: ${error}`);
      return null;
    }
  }

  const inSight = (place) => !place.closest("[hidden]");

  async function drawAll() {
    for (const place of all(".plot")) {
      if (inSight(place)) await draw(place);
    }
    signal("state", stateShown());
  }

  function signal(name, value) {
    for (const view of views.values()) {
      try {
        view.signal(name, value);
      } catch {
        continue; /* a chart without this signal */
      }
      view.runAsync();
    }
  }

  function chosenIn(place, item) {
    const datum = item && item.datum;
    if (!datum || datum.seed === undefined) return;
    const panel = place.closest("[data-setting]");
    let index = panel ? Number(panel.dataset.setting) : null;
    if (index === null && datum.setting !== undefined) {
      index = data.settings.findIndex((one) => one.label === datum.setting);
    }
    if (index === null && find("#pair-a")) {
      index = data.settings.findIndex((one) => one.label === find("#pair-a").value);
    }
    if (index !== null && index >= 0) choose(index, datum.seed, true);
  }

  /* ---- filters ---- */

  const settings = data.settings || [];
  let visible = new Set(settings.map((one) => one.index));

  function filter() {
    const form = find("#filters");
    if (form) {
      const kept = new Set(all('input[name="setting"]:checked', form).map((box) => Number(box.value)));
      for (const group of all("fieldset[data-field]", form)) {
        const field = group.dataset.field;
        if (!field) continue;
        const values = new Set(all("input:checked", group).map((box) => box.value));
        for (const one of settings) {
          const value = one.changes[field] === undefined ? "as recommended" : one.changes[field];
          if (!values.has(value)) kept.delete(one.index);
        }
      }
      visible = kept;
      const count = `${grouped(visible.size)} of ${plural(settings.length, "setting")} shown`;
      find("#filter-count").textContent = count;
      tell(count);
    }
    for (const row of all("tr[data-setting], .panel[data-setting]")) {
      row.hidden = !visible.has(Number(row.dataset.setting));
    }
    signal("shown", settings.filter((one) => visible.has(one.index)).map((one) => one.label));
    hidePairs();
    runColumns();
    fillRuns(0);
    drawAll();
  }

  function stateShown() {
    const choice = find("#state-choice");
    return choice ? choice.value : "all";
  }

  /* ---- sorting of tables that the page came with ---- */

  function sortable(table) {
    all("thead th", table).forEach((head, column) => {
      const button = element("button", head.textContent, { type: "button" });
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = find("tbody", table);
        const key = (row) => {
          const cell = row.children[column];
          return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
        };
        const rows = all("tr", body).map((row) => [key(row), row]);
        rows.sort(([a], [b]) => (up ? 1 : -1) * compare(a, b));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }

  /* ---- the table of runs ---- */

  const columns = [];
  let rows = [];
  let order = { column: 0, up: true };
  let page = 0;
  let chosen = null;

  /* The columns of the table, for the settings in sight: at most eight scores, common ones first. */
  function runColumns() {
    columns.length = 0;
    if (settings.length > 1) {
      columns.push({ head: "setting", value: (run) => run.setting.index, text: (value) => settings[value].label });
    }
    columns.push({ head: "seed", value: (run) => run.of.seed[run.at], text: String, button: true });
    columns.push({ head: "became", value: stateOf, text: (value) => value, state: true });
    columns.push({
      head: "steps to solve",
      value: (run) => run.of.solved_at[run.at],
      text: (value) => (value === null ? "–" : grouped(value)),
    });
    const keys = new Map();
    for (const one of settings.filter((setting) => visible.has(setting.index))) {
      for (const length of Object.keys(one.runs.scores)) {
        for (const measure of one.measures) {
          const key = `${length} ${measure.name}`;
          if (!keys.has(key)) keys.set(key, { length, measure, count: 0 });
          keys.get(key).count += 1;
        }
      }
    }
    const common = [...keys.values()].sort((a, b) => b.count - a.count).slice(0, 8);
    for (const { length, measure } of common) {
      columns.push({
        head: `${measure.name.replaceAll("_", " ")} at ${length}`,
        value: (run) => scoreOf(run, length, measure.name),
        text: (value) => shown(value, measure.fraction),
      });
    }
    order.column = Math.min(order.column, columns.length - 1);
    const head = element("tr");
    columns.forEach((column, index) => {
      const cell = element("th", undefined, { scope: "col" });
      const button = element("button", column.head, { type: "button" });
      button.addEventListener("click", () => {
        order = { column: index, up: order.column === index ? !order.up : true };
        fillRuns(0);
      });
      cell.append(button);
      head.append(cell);
    });
    find("#runs-table thead").replaceChildren(head);
  }

  function scoreOf(run, length, name) {
    const scores = run.of.scores[length];
    return scores && scores[name] ? scores[name][run.at] : null;
  }

  const stateOf = (run) => run.of.state[run.at];

  function fillRuns(to) {
    const body = find("#runs-table tbody");
    if (!body) return;
    const wanted = find("#seed-choice").value.split(/[\s,]+/).filter(Boolean);
    const state = find("#run-state").value;
    const size = Number(find("#page-size").value);
    const kept = rows.filter((run) =>
      visible.has(run.setting.index)
      && (!wanted.length || wanted.includes(String(run.of.seed[run.at])))
      && (state === "all" || stateOf(run) === state));
    const { value } = columns[order.column];
    kept.sort((one, other) => {
      const a = value(one), b = value(other);
      if (a === null || b === null) return (a === null) - (b === null);
      return (order.up ? 1 : -1) * compare(a, b);
    });
    const pages = Math.max(1, Math.ceil(kept.length / size));
    page = Math.min(Math.max(0, to), pages - 1);
    body.replaceChildren(...kept.slice(page * size, (page + 1) * size).map(runRow));
    all("#runs-table thead th").forEach((head, index) => {
      head.removeAttribute("aria-sort");
      if (index === order.column) head.setAttribute("aria-sort", order.up ? "ascending" : "descending");
    });
    find("#page-number").textContent = `page ${page + 1} of ${grouped(pages)}, ${plural(kept.length, "run")}`;
    find("#page-back").disabled = page === 0;
    find("#page-on").disabled = page >= pages - 1;
  }

  function runRow(run) {
    const row = element("tr");
    const seed = run.of.seed[run.at];
    if (chosen && chosen.index === run.setting.index && chosen.seed === seed) {
      row.setAttribute("aria-selected", "true");
    }
    columns.forEach((column, index) => {
      const text = column.text(column.value(run));
      const cell = element(index === 0 ? "th" : "td");
      if (index === 0) cell.setAttribute("scope", "row");
      if (column.button) {
        const button = element("button", text, {
          type: "button", class: "link", "aria-label": `Numbers of seed ${seed}, ${run.setting.label}`,
        });
        button.addEventListener("click", () => choose(run.setting.index, seed, true));
        cell.append(button);
      } else {
        cell.textContent = text;
        if (column.state) cell.className = stateOf(run) === "solved" ? "state-solved" : "state-other";
      }
      row.append(cell);
    });
    return row;
  }

  /* ---- one run ---- */

  function choose(index, seed, move) {
    const setting = settings.find((one) => one.index === index);
    const at = setting ? setting.runs.seed.indexOf(Number(seed)) : -1;
    if (at < 0) return;
    const run = { setting, of: setting.runs, at };
    chosen = { index, seed: Number(seed) };
    const box = find("#one-run");
    const facts = [
      ["became", run.of.end[at]],
      ["steps made", grouped(run.of.step[at])],
      ["seconds of training", run.of.seconds[at] === null ? "–" : String(run.of.seconds[at])],
    ];
    for (const [length, metrics] of Object.entries(run.of.scores)) {
      for (const measure of setting.measures) {
        if (metrics[measure.name]) {
          facts.push([
            `${measure.name.replaceAll("_", " ")}, length ${length}`,
            shown(metrics[measure.name][at], measure.fraction),
          ]);
        }
      }
    }
    const list = element("dl", undefined, { class: "facts" });
    for (const [name, text] of facts) {
      const pair = element("div");
      pair.append(element("dt", name), element("dd", text));
      list.append(pair);
    }
    const title = settings.length > 1 ? `Seed ${seed} of ${setting.label}` : `Seed ${seed}`;
    const call = `${data.call}.result(seed=${seed}${settings.length > 1 ? `, setting=${index}` : ""})`;
    const code = element("pre", undefined, { tabindex: "0", role: "region", "aria-label": "Python" });
    code.append(element("code", call));
    const lines = setting.curves.metric ? setting.curves.metric.lines : {};
    const drawn = lines[String(seed)]
      ? "Its curve is the dashed line with marks among the learning curves."
      : "The page does not hold its curve.";
    const close = element("button", "Close", { type: "button" });
    close.addEventListener("click", () => {
      chosen = null;
      box.hidden = true;
      history.replaceState(null, "", "#runs");
      mark();
      fillRuns(page);
    });
    box.replaceChildren(element("h3", title), list, element("p", "The run with its model, in Python:"), code,
      element("p", drawn, { class: "aside" }), close);
    box.hidden = false;
    history.replaceState(null, "", `#run=${index}/${seed}`);
    mark();
    fillRuns(page);
    tell(`${title}: ${run.of.end[at]}`);
    if (move) {
      box.scrollIntoView({ block: "center" });
      box.focus({ preventScroll: true });
    }
  }

  /* Draw the chosen run over the curves of its setting. */
  function mark() {
    for (const one of settings) {
      for (const kind of ["metric", "loss"]) {
        const view = views.get(`learning-${one.index}${kind === "loss" ? "-loss" : ""}`);
        if (!view) continue;
        const mine = chosen && chosen.index === one.index;
        view.data("selected", mine ? curve(one.curves[kind], chosen.seed) : []).runAsync();
      }
    }
  }

  function curve(curves, seed) {
    const line = curves && curves.lines[String(seed)];
    if (!line) return [];
    const [values, last] = line;
    const steps = [...curves.steps.slice(0, Math.max(0, values.length - 1)), ...last];
    return values.map((value, place) => ({ seed, step: steps[place], value }));
  }

  function fromAddress() {
    const found = /^#run=(\d+)\/(\d+)$/.exec(location.hash);
    if (found) choose(Number(found[1]), Number(found[2]), true);
  }

  /* ---- pairs of settings ---- */

  function numbersOf(setting, measure) {
    const { runs } = setting;
    if (measure === "steps_to_solve") {
      return runs.solved_at.map((step) => (step === null ? setting.limit : step));
    }
    if (measure === "solved") return runs.solved_at.map((step) => (step === null ? 0 : 1));
    for (const separator of [" at ", " over "]) {
      const at = measure.indexOf(separator);
      if (at < 0) continue;
      const name = measure.slice(0, at);
      const values = (runs.scores[measure.slice(at + separator.length)] || {})[name];
      if (!values) continue;
      /* A run without a model at its end answers nothing right. */
      const lost = ["diverged", "failed", "killed"];
      return values.map((value, run) =>
        (value === null && name.endsWith("accuracy") && lost.includes(runs.state[run]) ? 0 : value));
    }
    return null;
  }

  /* Show the chosen measure in the chart of differences and in the table. */
  async function chooseMeasure() {
    const measure = find("#pair-measure").value;
    for (const one of all(".difference")) one.hidden = one.dataset.measure !== measure;
    const choices = ["#pair-a", "#pair-b"].map((id) => find(id));
    const of = data.pairs.all.filter((pair) => pair[2] === measure);
    if (choices[0] && of.length && !of.some(([a, b]) => a === choices[0].value && b === choices[1].value)) {
      [choices[0].value, choices[1].value] = of[0];
    }
    hidePairs();
    await drawAll();
    await drawPair();
  }

  function hidePairs() {
    const choice = find("#pair-measure");
    if (!choice) return;
    const labels = new Set(settings.filter((one) => visible.has(one.index)).map((one) => one.label));
    for (const row of all("#pairs-table tbody tr")) {
      const { measure, a, b } = row.dataset;
      row.hidden = measure !== choice.value || !labels.has(a) || !labels.has(b);
    }
  }

  async function drawPair() {
    const place = find('.plot[data-chart="seeds"]');
    if (!place) return;
    const [a, b] = ["#pair-a", "#pair-b"].map((id) =>
      settings.find((one) => one.label === find(id).value));
    const measure = find("#pair-measure").value;
    const share = Object.fromEntries(data.pairs.measures)[measure];
    const [ofA, ofB] = [numbersOf(a, measure), numbersOf(b, measure)];
    if (!ofA || !ofB) {
      find("#pair-words").textContent = "One of the two settings has no such score.";
      return;
    }
    const inB = new Map(b.runs.seed.map((seed, at) => [seed, ofB[at]]));
    const together = new Map();
    let above = 0, equal = 0, all_ = 0;
    a.runs.seed.forEach((seed, at) => {
      const one = ofA[at], other = inB.get(seed);
      if (one === null || other === null || other === undefined) return;
      all_ += 1;
      above += other > one;
      equal += other === one;
      const key = `${one}/${other}`;
      if (!together.has(key)) together.set(key, { a: one, b: other, seeds: [] });
      together.get(key).seeds.push(seed);
    });
    const points = [...together.values()].map((one) => ({
      a: one.a, b: one.b, count: one.seeds.length, seed: one.seeds[0],
      seeds: one.seeds.slice(0, 8).join(", ") + (one.seeds.length > 8 ? ", ..." : ""),
    }));
    const values = points.flatMap((point) => [point.a, point.b]);
    const low = Math.min(...values), high = Math.max(...values);
    const margin = 0.04 * (high - low || 1);
    const words = find("#pair-measure").selectedOptions[0].textContent;
    const spec = JSON.parse(JSON.stringify(specs.seeds));
    for (const layer of spec.layer) {
      for (const [channel, one] of [["x", a], ["y", b]]) {
        const encoding = layer.encoding[channel];
        encoding.scale = { ...encoding.scale, domain: [low - margin, high + margin] };
        encoding.axis = { ...encoding.axis, title: `${words}, ${one.label}`, format: share ? "%" : ",~r" };
      }
    }
    spec.layer[0].data = { values: [{ a: low, b: low }, { a: high, b: high }] };
    spec.layer[1].data = { name: "pairs", values: points };
    find("#pair-words").textContent =
      `${words}: of ${plural(all_, "seed")}, ${b.label} has the greater number in ${grouped(above)}, `
      + `${a.label} in ${grouped(all_ - above - equal)}, and ${grouped(equal)} are equal.`;
    await draw(place, spec);
  }

  /* ---- a folder of runs ---- */

  function filterFolder() {
    const form = find("#folder-filters");
    const rows = all("#folder-table tbody tr");
    let count = 0;
    for (const row of rows) {
      row.hidden = all("select", form).some((one) => one.value && row.dataset[one.name] !== one.value);
      count += !row.hidden;
    }
    const text = `${grouped(count)} of ${plural(rows.length, "run")} shown`;
    find("#filter-count").textContent = text;
    tell(text);
  }

  /* ---- beginning ---- */

  for (const button of all("button.copy")) {
    button.addEventListener("click", async () => {
      const code = find("code", button.parentElement);
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
      tell(button.textContent);
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  async function begin() {
    all("table[data-sortable]").forEach(sortable);
    if (find("#runs-table")) {
      for (const setting of settings) {
        setting.runs.seed.forEach((_, at) => rows.push({ setting, of: setting.runs, at }));
      }
      runColumns();
      const states = [...new Set(rows.map(stateOf))].sort();
      find("#state-choice").append(element("option", "all runs", { value: "all" }));
      for (const state of states) {
        find("#state-choice").append(element("option", `runs ${state === "ended" ? "that ended" : state}`, { value: state }));
        find("#run-state").append(element("option", state, { value: state }));
      }
      find("#state-choice").addEventListener("change", () => signal("state", stateShown()));
      for (const id of ["#seed-choice", "#run-state", "#page-size"]) {
        find(id).addEventListener("input", () => fillRuns(0));
      }
      find("#page-back").addEventListener("click", () => fillRuns(page - 1));
      find("#page-on").addEventListener("click", () => fillRuns(page + 1));
      fillRuns(0);
    }
    for (const form of all("form")) form.addEventListener("submit", (event) => event.preventDefault());
    if (find("#filters")) {
      find("#filters").addEventListener("change", filter);
      find("#show-all").addEventListener("click", () => {
        all("#filters input").forEach((box) => { box.checked = true; });
        filter();
      });
      if (innerWidth < 700) find("#filters details").open = false;
    }
    if (find("#folder-filters")) find("#folder-filters").addEventListener("change", filterFolder);
    const curves = find("#curve-choice");
    if (curves) {
      curves.addEventListener("change", async () => {
        const wanted = find('input[name="measure"]:checked', curves).value;
        for (const kind of ["metric", "loss"]) {
          all(`.measure-${kind}`).forEach((one) => { one.hidden = kind !== wanted; });
        }
        await drawAll();
        mark();
      });
    }
    for (const id of ["#pair-a", "#pair-b"]) {
      if (find(id)) find(id).addEventListener("change", drawPair);
    }
    if (find("#pair-measure")) {
      find("#pair-measure").addEventListener("change", chooseMeasure);
      hidePairs();
    }
    for (const grid of all(".panels, .pair")) {
      grid.classList.toggle("single", all(":scope > *", grid).length === 1);
    }
    await drawAll();
    await drawPair();
    fromAddress();
    addEventListener("hashchange", fromAddress);
    document.documentElement.dataset.drawn = "yes";
  }

  begin();
})();
