"use strict";
// Draws the scene. Horizontal: position in the history. Two canvases share one range; nothing is fetched, nothing is stored.
(() => {
  const scene = JSON.parse(document.getElementById("scene").textContent);
  const $ = (id) => document.getElementById(id);
  const digits = new Map([..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].map((c, d) => [c.charCodeAt(0), d]));
  const column = (text) => {  // five bits a digit, the least first; the sixth says that more follow; odd numbers are negative
    const values = [];
    for (let i = 0, value = 0, unit = 1; i < text.length; i++) {
      const digit = digits.get(text.charCodeAt(i));
      value += (digit & 31) * unit;
      if (digit & 32) unit *= 32;
      else { values.push(value % 2 ? -(value + 1) / 2 : value / 2); value = 0; unit = 1; }
    }
    return Float64Array.from(values);
  };
  for (const name of ["length", "process", "type", "function", "key"]) if (name in scene) scene[name] = column(scene[name]);
  const sums = (deltas) => { let at = 0; return Float64Array.from(deltas, (d) => (at += d)); };
  scene.order = sums(column(scene.order));
  const call = sums(column(scene.call)), n = call.length;
  const index = scene.index ? sums(column(scene.index)) : call;
  const end = Float64Array.from(call, (c, i) => scene.length[i] < 0 ? Infinity : c + scene.length[i]);
  const parts = (scene.partitions || []).map((p) => {
    const run = column(p.run);
    return { ...p, operation: sums(column(p.operation)), offset: sums(column(p.offset)), kind: run.map((x) => x % 2), count: run.map((x) => Math.floor(x / 2)) };
  });
  const keys = scene.keys || [];
  const called = (p) => /^-?\d+$/.test(scene.processes[p]) ? "process " + scene.processes[p] : scene.processes[p];
  const TYPE = ["ok", "failed", "unknown"];
  $("name").textContent = document.title;

  // ---- which operations belong to which row, in the order of their beginning (a process does one thing at a time)
  const rows = scene.processes.map(() => []);
  for (let i = 0; i < n; i++) rows[scene.process[i]].push(i);
  const runsOf = new Map();  // operation -> [[key, run], …]
  parts.forEach((p, k) => p.operation.forEach((o, r) => { if (!runsOf.has(o)) runsOf.set(o, []); runsOf.get(o).push([k, r]); }));
  const valueAt = parts.map((p) => {
    const at = new Map(); let place = 0;
    if (p.values.length) for (const [first, many] of p.offsets) for (let j = 0; j < many; j++) at.set(first + j, p.values[place++]);
    return at;
  });

  // ---- state
  const view = { from: 0, to: Math.max(scene.size, 1), key: 0, process: -1, anomaly: "", marked: new Map(), near: null };
  const illegal = new Set(scene.illegal), leaning = new Set(scene.supporting);
  const least = 8;
  const option = (select, value, text) => { const o = document.createElement("option"); o.value = value; o.textContent = text; select.append(o); };
  option($("key"), -1, keys.length ? "every key" : "—");
  keys.forEach((key, k) => option($("key"), k, key));
  option($("process"), -1, "every process");
  scene.processes.forEach((name, p) => option($("process"), p, name));
  option($("anomaly"), "", "every class");
  scene.classes.forEach((c) => option($("anomaly"), c.name, `${c.name} (${c.count})`));
  if (!parts.length) { $("grid").hidden = true; $("gridtitle").hidden = true; }

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let paint = {};
  const colours = () => { for (const c of ["ink", "soft", "line", "paper", "card", "ok", "fail", "info", "bad", "good", "mark", "poll", "onfail"]) paint[c] = css("--" + c); };
  const fill = (i) => scene.type[i] === 1 ? paint.fail : scene.type[i] === 2 ? paint.info
    : ["poll", "read", "get", "dequeue", "pop", "consume"].includes(scene.functions[scene.function[i]]) ? paint.poll : paint.ok;
  const legend = [["ok", "write, ok"], ["poll", "read, ok"], ["fail", "failed"], ["info", "unknown"]];
  if (scene.classes.length || scene.witness.length) legend.push(["bad", "shows the anomaly", "solid"]);
  if (scene.marks.length) legend.push(["mark", "fault or broker event"]);
  if (illegal.size) legend.push(["bad", "not allowed next", "dashed"]);
  if (leaning.size) legend.push(["ink", "leant on", "solid"]);
  if (scene.order.length) legend.push(["good", "order of effect"]);
  for (const [c, text, frame] of legend) {
    const span = document.createElement("span"), box = document.createElement("i");
    if (frame) { box.style.border = `${c === "ink" ? 1 : 2}px ${frame} var(--${c})`; box.style.width = "18px"; box.style.height = "11px"; } else box.style.background = `var(--${c})`;
    span.append(box, text); $("legend").append(span);
  }

  // ---- canvases
  const gutter = 92, laneHeight = 22;
  let tall = 24;
  const prepare = (canvas, height) => {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth;
    canvas.style.height = height + "px";
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0); pen.clearRect(0, 0, width, height);
    pen.font = "11px system-ui, sans-serif"; pen.textBaseline = "middle";
    return [pen, width, height];
  };
  const fit = (pen, text, width) => {  // cut where it is too long; `fillText` would squeeze it
    if (pen.measureText(text).width <= width) return text;
    let low = 0, high = text.length;
    while (low < high) { const mid = (low + high + 1) >> 1; if (pen.measureText(text.slice(0, mid) + "…").width <= width) low = mid; else high = mid - 1; }
    return text.slice(0, low) + "…";
  };
  const scale = (width) => (width - gutter) / (view.to - view.from);
  const xOf = (position, width) => gutter + (position - view.from) * scale(width);
  const touches = (i, key) => key < 0 || (parts.length ? (runsOf.get(i) || []).some(([k]) => k === key) : !scene.key || scene.key[i] === key);
  const firstFrom = (list, position) => {  // the first of a row that may still be visible
    let low = 0, high = list.length;
    while (low < high) { const mid = (low + high) >> 1; if (call[list[mid]] < position) low = mid + 1; else high = mid; }
    return Math.max(0, low - 1);
  };
  const visibleRows = () => view.process < 0 ? scene.processes.map((_, p) => p) : [view.process];
  const following = scene.marks.map(() => Infinity);  // where the next mark of the same lane stands
  const latest = new Map();
  scene.marks.forEach(([lane, position], m) => { if (latest.has(lane)) following[latest.get(lane)] = position; latest.set(lane, m); });
  const placeOfRow = new Map();  // process -> [top, height]; rows that show something are tall, the others share what is left
  // Where there are many processes, those that show nothing share rows with others that come before or after them.
  const tracks = (shown, told) => {
    if (shown.length <= 40) return shown.map((p) => [p]);
    const shared = [], free = [];
    const span = (p) => [call[rows[p][0]], Math.min(end[rows[p][rows[p].length - 1]], scene.size)];
    for (const p of shown.filter((p) => !told.has(p)).sort((a, b) => span(a)[0] - span(b)[0])) {
      const [first, last] = span(p);
      let t = free.findIndex((stop) => stop < first);
      if (t < 0) { t = free.length; shared.push([]); }
      shared[t].push(p); free[t] = last;
    }
    return shown.filter((p) => told.has(p)).map((p) => [p]).concat(shared);
  };
  const layOut = () => {
    const shown = visibleRows(), told = new Set([...view.marked.keys(), ...illegal].map((i) => scene.process[i]));
    const list = tracks(shown, told), own = list.filter(([p]) => told.has(p)).length;
    tall = list.length * 34 <= room ? 34 : 24;
    const roomy = list.length * tall <= room;
    const small = roomy ? tall : Math.max(3, Math.min(20, (room - own * tall) / Math.max(1, list.length - own)));
    let y = scene.lanes.length * laneHeight + 4;
    placeOfRow.clear(); labels.length = 0;
    for (const track of list) {
      const h = told.has(track[0]) ? tall : small;
      for (const p of track) placeOfRow.set(p, [y, h]);
      labels.push([track.length > 1 ? `${track.length} processes` : called(track[0]), y, h]);
      y += h;
    }
    return y;
  };
  const labels = [];  // [text, top, height] of each row
  const room = parts.length ? 230 : 440;

  const drawRows = () => {
    const bottom = layOut();
    const [pen, width, height] = prepare($("rows"), bottom + 18);
    const s = scale(width);
    pen.fillStyle = paint.soft;
    scene.lanes.forEach((name, l) => pen.fillText(fit(pen, name, gutter - 12), 8, l * laneHeight + laneHeight / 2));
    let free = 0;
    for (const [text, y, h] of labels) {
      pen.fillStyle = paint.line; if (h >= 6) pen.fillRect(gutter, y + h - 0.5, width - gutter, 0.5);
      if (y + h / 2 >= free || h === tall) { pen.fillStyle = h === tall ? paint.ink : paint.soft; pen.fillText(fit(pen, text, gutter - 12), 8, y + h / 2); free = y + h / 2 + 13; }
    }
    pen.save(); pen.beginPath(); pen.rect(gutter, 0, width - gutter, height); pen.clip();
    for (let m = 0; m < scene.marks.length; m++) {
      const [lane, position, text] = scene.marks[m];
      if (position < view.from - 1 || position > view.to + 1) continue;
      const x = xOf(position + 0.5, width);
      pen.fillStyle = paint.mark; pen.globalAlpha = 0.3; pen.fillRect(x, 0, 1, bottom); pen.globalAlpha = 1;
      pen.fillRect(x - 2, lane * laneHeight + 5, 4, laneHeight - 10);
      const free = xOf(following[m] + 0.5, width) - x - 6, wide = pen.measureText(text).width, word = text.split(" ")[0];
      const kept = wide <= free ? text : wide / 2 > free ? (pen.measureText(word).width <= free ? word : "")
        : text.slice(0, Math.floor(text.length * free / wide) - 1) + "…";
      if (kept.length > 2) pen.fillText(kept, x + 6, lane * laneHeight + laneHeight / 2);
    }
    const words = [];
    for (const p of placeOfRow.keys()) drawRow(pen, p, width, s, words);
    drawOrder(pen, width);
    for (const [text, x, y, room, colour, alpha] of words) { pen.globalAlpha = alpha; pen.fillStyle = colour; pen.fillText(fit(pen, text, room), x, y); }
    pen.globalAlpha = 1;
    pen.restore();
    axis(pen, width, bottom);
  };
  const drawRow = (pen, p, width, s, words) => {
    const [top, full] = placeOfRow.get(p), gap = full >= 9 ? 2 : 0.5;
    const list = rows[p], y = top + gap, h = full - 2 * gap;
    let edge = -1;  // below one pixel an operation, draw one of each pixel
    for (let j = firstFrom(list, view.from); j < list.length; j++) {
      const i = list[j];
      if (call[i] > view.to) break;
      const marked = view.marked.has(i), leant = leaning.has(i);
      const x0 = Math.max(gutter - 2, xOf(call[i], width));
      const stop = Math.min(end[i], j + 1 < list.length ? call[list[j + 1]] - 0.3 : scene.size, view.to + 1);
      const x1 = Math.max(x0 + Math.min(2, Math.max(0.7, s * 0.8)), xOf(stop + 0.7, width));
      if (!marked && !leant && !illegal.has(i) && s < 0.4 && x1 < edge) continue;
      edge = x0 + 0.8;
      pen.globalAlpha = marked || touches(i, view.key) ? (scene.type[i] === 2 ? 0.55 : 0.9) : 0.15;
      pen.fillStyle = fill(i); pen.fillRect(x0, y, x1 - x0, h);
      if (marked || leant || illegal.has(i)) {
        pen.globalAlpha = 1; pen.strokeStyle = marked || illegal.has(i) ? paint.bad : paint.ink; pen.lineWidth = marked || illegal.has(i) ? 2 : 1;
        pen.setLineDash(illegal.has(i) ? [4, 3] : []);
        pen.strokeRect(x0 - 1, y - 1, Math.max(4, x1 - x0 + 2), h + 2); pen.setLineDash([]);
      }
      const numbered = marked && badge(pen, i, x0 - 1, y + h / 2);
      if (x1 - x0 > 46 && h > 9) {
        const faded = !marked && !touches(i, view.key), left = numbered ? 12 : 4;
        const colour = faded ? paint.soft : scene.type[i] === 2 ? paint.ink : scene.type[i] === 1 ? paint.onfail : paint.paper;
        words.push([brief(i), x0 + left, y + h / (scene.order.length ? 2.6 : 2), Math.min(x1, width) - x0 - left - 2, colour, faded ? 0.6 : 1]);
      }
    }
    pen.globalAlpha = 1;
  };
  const badge = (pen, i, x, y) => {  // the number that an operation has in the words above
    const number = view.marked.get(i);
    if (!number || view.marked.size > 12) return false;
    pen.globalAlpha = 1; pen.fillStyle = paint.bad; pen.beginPath(); pen.arc(x, y, 8, 0, 7); pen.fill();
    pen.fillStyle = paint.paper; pen.textAlign = "center"; pen.fillText(String(number), x, y + 0.5); pen.textAlign = "start";
    return true;
  };
  const drawOrder = (pen, width) => {  // the linearization: each operation takes effect after the one before it
    if (!scene.order.length) return;
    const points = [];
    let at = 0;
    for (const i of scene.order) {
      at = Math.max(at, call[i] + 0.3);
      if (at > view.to + 50) break;
      const place = placeOfRow.get(scene.process[i]);
      if (place !== undefined && at >= view.from - 50) points.push([xOf(at + 0.1, width), place[0] + place[1] * 0.78]);
      at += 0.01;
    }
    pen.lineJoin = "round";
    for (const [colour, line] of [[paint.paper, 4], [paint.good, 2]]) {
      pen.strokeStyle = colour; pen.lineWidth = line; pen.beginPath();
      points.forEach(([x, y], number) => number ? pen.lineTo(x, y) : pen.moveTo(x, y));
      pen.stroke();
    }
    if (points.length > 400) return;
    for (const [x, y] of points) {
      pen.fillStyle = paint.paper; pen.beginPath(); pen.arc(x, y, 4.5, 0, 7); pen.fill();
      pen.fillStyle = paint.good; pen.beginPath(); pen.arc(x, y, 3, 0, 7); pen.fill();
    }
  };
  const axis = (pen, width, y) => {
    const raw = (view.to - view.from) / 8, unit = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
    const step = Math.max(1, Math.ceil(raw / unit) * unit);
    pen.fillStyle = paint.soft;
    for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
      const x = xOf(t, width);
      pen.fillRect(x, y, 1, 4);
      if (x + 3 + pen.measureText(String(t)).width < width) pen.fillText(String(t), x + 3, y + 10);
    }
  };

  // ---- offset × time
  const gridBox = { low: 0, high: 1, height: 270 };
  const drawGrid = () => {
    if (!parts.length) return;
    const k = view.key < 0 ? 0 : view.key, p = parts[k];
    $("gridtitle").textContent = `Offsets of partition ${keys[k]} (up) over time: sent (bars, as long as the send) and polled (upright lines)${scene.every > 1 ? `; of one operation in ${scene.every}` : ""}`;
    const [pen, width, full] = prepare($("grid"), gridBox.height + 18), height = full - 18;
    let low = Infinity, high = -Infinity;
    const inside = [];
    for (let r = 0; r < p.operation.length; r++) {
      const i = p.operation[r], stop = Math.min(end[i], scene.size);
      if (stop < view.from || call[i] > view.to || (view.process >= 0 && scene.process[i] !== view.process)) continue;
      inside.push(r); low = Math.min(low, p.offset[r]); high = Math.max(high, p.offset[r] + p.count[r]);
    }
    if (low > high) { low = 0; high = 1; }
    const rim = Math.max(1, (high - low) * 0.04); low -= rim; high += rim;
    if (view.near && view.near[0] === k) [, low, high] = view.near;
    gridBox.low = low; gridBox.high = high;
    const y = (offset) => height - (offset - low) / (high - low) * height;
    const unit = Math.max(1, 10 ** Math.floor(Math.log10((high - low) / 4)));
    const step = Math.max(1, Math.ceil((high - low) / 6 / unit) * unit);
    for (let o = Math.ceil(low / step) * step; o <= high; o += step) {
      if (o < 0) continue;
      pen.fillStyle = paint.line; pen.fillRect(gutter, y(o), width - gutter, 0.5);
      pen.fillStyle = paint.soft; if (y(o) > 6) pen.fillText(fit(pen, String(o), gutter - 12), 8, y(o));
    }
    pen.save(); pen.beginPath(); pen.rect(gutter, 0, width - gutter, height); pen.clip();
    for (const [, position] of scene.marks) {
      if (position < view.from || position > view.to) continue;
      pen.fillStyle = paint.mark; pen.globalAlpha = 0.25; pen.fillRect(xOf(position + 0.5, width), 0, 1, height); pen.globalAlpha = 1;
    }
    const cell = height / (high - low);
    let labelled = 400;
    for (const r of inside.filter((r) => !view.marked.has(p.operation[r])).concat(inside.filter((r) => view.marked.has(p.operation[r])))) {
      const i = p.operation[r], marked = view.marked.has(i), first = p.offset[r], last = first + p.count[r] - 1;
      if (last < low - 1 || first > high + 1) continue;
      const x0 = xOf(call[i], width), x1 = Math.max(x0 + 2, xOf(Math.min(end[i], view.to + 4, scene.size) + 0.7, width));
      const half = Math.max(1.2, Math.min(7, cell * 0.36)), top = Math.max(-9, y(last) - half), foot = Math.min(height + 9, y(first) + half);
      pen.globalAlpha = marked ? 0.85 : 0.8;
      pen.fillStyle = marked ? paint.bad : p.kind[r] ? (scene.type[i] ? fill(i) : paint.poll) : fill(i);
      if (p.kind[r]) pen.fillRect(x1 - 3, top, 3, Math.max(2, foot - top));
      else if (cell < 5) pen.fillRect(x0, top, Math.max(3, x1 - x0), Math.max(2.4, foot - top));
      else for (let o = Math.max(first, Math.ceil(low)); o <= Math.min(last, high); o++) pen.fillRect(x0, y(o) - half, Math.max(3, x1 - x0), 2 * half);
      if (cell > 11 && valueAt[k].size && labelled-- > 0 && (marked || x1 - x0 > 30)) {
        pen.globalAlpha = 1; pen.fillStyle = marked ? paint.bad : paint.ink;
        for (let o = Math.max(first, Math.ceil(low)); o <= Math.min(last, high); o++) { const value = valueOf(i, k, o); if (value !== undefined) pen.fillText(fit(pen, value, 120), Math.max(x1 + 5, x0 + (marked ? 11 : 0)), y(o)); }
      }
      if (marked) badge(pen, i, p.kind[r] ? x1 - 12 : x0 - 1, Math.max(8, Math.min(height - 8, y(first))));
    }
    pen.globalAlpha = 1; pen.restore();
    axis(pen, width, height);
  };

  // ---- words
  const brief = (i) => {
    const label = scene.labels[i], f = scene.functions[scene.function[i]];
    if (label !== undefined) return label;
    return f + " " + (runsOf.get(i) || []).map(([k, r]) => {
      const p = parts[k], first = p.offset[r], many = p.count[r];
      const value = many === 1 ? valueOf(i, k, first) : undefined;
      return `${keys[k]}:${first}${many > 1 ? "…" + (first + many - 1) : ""}${value === undefined ? "" : "=" + value}`;
    }).join(" ");
  };
  const describe = (i) => `operation ${index[i]}, ${called(scene.process[i])}, ${TYPE[scene.type[i]]}\n${brief(i)}`;

  const valueOf = (i, k, offset) => {  // what an operation said of an offset: where several values are claimed, its own
    const own = scene.claims && scene.claims[i];
    const claimed = own && own.find(([key, at]) => key === k && at === offset);
    const value = claimed ? claimed[2] : valueAt[k].get(offset);
    return value === undefined ? undefined : String(value);
  };

  // ---- moving
  let due = false;
  const draw = () => { if (!due) { due = true; requestAnimationFrame(() => { due = false; colours(); drawRows(); drawGrid(); $("range").textContent = `${Math.max(0, Math.round(view.from))} – ${Math.min(scene.size, Math.round(view.to))} of ${scene.size} events`; }); } };
  const look = (from, to) => {
    let width = Math.max(least, Math.min(to - from, scene.size * 1.05 + 2));
    const middle = (from + to) / 2;
    from = Math.max(-width * 0.05, Math.min(middle - width / 2, scene.size - width * 0.9));
    view.from = from; view.to = from + width; draw();
  };
  const zoom = (factor, at) => {
    const centre = at ?? (view.from + view.to) / 2;
    look(centre - (centre - view.from) * factor, centre + (view.to - centre) * factor);
  };
  const pan = (part) => { const d = (view.to - view.from) * part; look(view.from + d, view.to + d); };
  const all = () => { view.near = null; look(0, scene.size); };
  const show = (operations, key) => {
    const inOrder = [...new Set(operations)].sort((a, b) => call[a] - call[b]);
    view.marked = new Map(inOrder.map((i, number) => [i, number + 1]));
    if (key >= 0) { view.key = key; $("key").value = key; }
    view.near = null;
    const seen = inOrder.map((i) => (runsOf.get(i) || []).filter(([k]) => k === view.key).map(([k, r]) => [parts[k].offset[r], parts[k].offset[r] + parts[k].count[r] - 1])).filter((r) => r.length);
    if (seen.length) {  // the offsets that all of them have to do with, or all of their offsets
      const lows = seen.map((r) => Math.min(...r.map((x) => x[0]))), highs = seen.map((r) => Math.max(...r.map((x) => x[1])));
      let low = Math.max(...lows), high = Math.min(...highs);
      if (low > high) { low = Math.min(...lows); high = Math.max(...highs); }
      if (high - low > 24) high = low + 24;
      view.near = [view.key, Math.max(-0.9, low - 3.5), high + 3.5];
    }
    if (inOrder.length) {
      const from = Math.min(...inOrder.map((i) => call[i]));
      const to = Math.max(...inOrder.map((i) => Math.min(end[i], call[i] + 200)));
      const margin = Math.max(10, (to - from) * 0.12);
      look(from - margin, to + margin);
    } else draw();
  };
  const witness = () => {
    const first = scene.classes.find((c) => c.forbidden) || scene.classes[0];
    if (scene.witness.length) show(scene.witness, first && first.findings.length ? first.findings[0][1] : undefined);
    else if (first && first.findings.length) show(first.findings[0][2], first.findings[0][1]);
    else all();
  };
  $("in").onclick = () => zoom(0.6); $("out").onclick = () => zoom(1.6);
  $("left").onclick = () => pan(-0.4); $("right").onclick = () => pan(0.4);
  $("all").onclick = all;
  $("witness").onclick = witness;
  $("witness").hidden = !scene.witness.length && !scene.classes.length;
  $("key").onchange = (e) => { view.key = Number(e.target.value); view.near = null; draw(); };
  $("process").onchange = (e) => { view.process = Number(e.target.value); draw(); };
  $("anomaly").onchange = (e) => {
    view.anomaly = e.target.value;
    for (const section of document.querySelectorAll("section[data-class]")) section.hidden = view.anomaly !== "" && section.dataset.class !== view.anomaly;
    const chosen = scene.classes.find((c) => c.name === view.anomaly);
    if (chosen) show([...new Set(chosen.findings.flatMap((f) => f[2]))]); else witness();
  };
  document.querySelectorAll("section[data-class]").forEach((section) => {
    const found = scene.classes.find((c) => c.name === section.dataset.class);
    section.addEventListener("click", (e) => {
      const button = e.target.closest("button[data-finding]");
      if (button) { const [, key, operations] = found.findings[Number(button.dataset.finding)]; show(operations, key); }
    });
  });
  addEventListener("keydown", (e) => {
    if (e.target.tagName === "SELECT") return;
    const act = { "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1.6), ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), "0": all, w: witness }[e.key];
    if (act) { act(); e.preventDefault(); }
  });
  const positionAt = (e, canvas) => view.from + (e.clientX - canvas.getBoundingClientRect().left - gutter) / scale(canvas.clientWidth);
  for (const canvas of [$("rows"), $("grid")]) {
    canvas.addEventListener("wheel", (e) => { if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) pan((e.deltaX || e.deltaY) / 900); else zoom(e.deltaY > 0 ? 1.18 : 0.85, positionAt(e, canvas)); e.preventDefault(); }, { passive: false });
    let held = null;
    canvas.addEventListener("pointerdown", (e) => { held = { x: e.clientX, from: view.from, to: view.to }; canvas.setPointerCapture(e.pointerId); });
    canvas.addEventListener("pointerup", () => { held = null; });
    canvas.addEventListener("pointermove", (e) => {
      if (held) { const d = (held.x - e.clientX) / scale(canvas.clientWidth); look(held.from + d, held.to + d); }
      else tell(e, canvas);
    });
    canvas.addEventListener("pointerleave", () => { $("tip").hidden = true; });
  }
  const tell = (e, canvas) => {
    const box = canvas.getBoundingClientRect(), at = positionAt(e, canvas), y = e.clientY - box.top;
    let text = "";
    if (canvas.id === "rows") {
      if (y < scene.lanes.length * laneHeight) {
        const lane = Math.floor(y / laneHeight), near = scene.marks.filter((m) => m[0] === lane).sort((a, b) => Math.abs(a[1] - at) - Math.abs(b[1] - at))[0];
        if (near && Math.abs(near[1] - at) * scale(canvas.clientWidth) < 40) text = `${scene.lanes[lane]}: ${near[2]} (event ${near[1]})`;
      } else for (const [p, [top, h]] of placeOfRow) {
        if (y < top || y >= top + h) continue;
        const list = rows[p], i = list[firstFrom(list, at)];
        for (const j of [i, list[firstFrom(list, at) + 1]]) if (j !== undefined && call[j] <= at + 0.5 && end[j] + 1 >= at) text = describe(j);
      }
    } else {
      const k = view.key < 0 ? 0 : view.key, p = parts[k], offset = Math.round(gridBox.low + (1 - y / gridBox.height) * (gridBox.high - gridBox.low));
      let best = -1, distance = Infinity;
      for (let r = 0; r < p.operation.length; r++) {
        const i = p.operation[r], dx = Math.max(call[i] - at, at - Math.min(end[i], scene.size), 0), dy = Math.max(p.offset[r] - offset, offset - p.offset[r] - p.count[r] + 1, 0);
        const d = dx * scale(canvas.clientWidth) + dy * gridBox.height / (gridBox.high - gridBox.low);
        if (d < distance) { distance = d; best = r; }
      }
      if (distance < 30) text = `${p.kind[best] ? "polled" : "sent"} offset ${p.offset[best]}${p.count[best] > 1 ? "…" + (p.offset[best] + p.count[best] - 1) : ""}\n${describe(p.operation[best])}`;
    }
    const tip = $("tip");
    tip.hidden = !text; tip.textContent = text;
    tip.style.left = Math.min(e.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px"; tip.style.top = Math.min(e.clientY + 16, innerHeight - tip.offsetHeight - 8) + "px";
  };
  addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  if (parts.length) $("key").value = 0; else { view.key = -1; $("key").value = -1; }
  witness();
})();
