// SPDX-License-Identifier: Apache-2.0
"use strict";

const runs = JSON.parse(document.getElementById("data").textContent);

function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
}

// Numbers by size, texts by letters; what is missing comes last in both directions.
function compare(a, b, direction) {
    if (a === null || b === null) return (a === null) - (b === null);
    return direction * (typeof a === "number" ? a - b : a.localeCompare(b, "en", {numeric: true}));
}

function show(value) {
    if (value === null) return "–";
    if (typeof value !== "number") return value;
    return value.toLocaleString("en", {maximumSignificantDigits: 4, useGrouping: false});
}

// A table whose head sorts it. highlight(row): the index of the cell to stand out, or -1.
function sortableTable(head, rows, highlight) {
    const isText = head.map((_, i) => rows.some((row) => typeof row[i] === "string"));
    const body = element("tbody");
    const cells = head.map((title, i) => element("th", {className: isText[i] ? "text" : "", scope: "col"},
        element("button", {type: "button", textContent: title, onclick: () => sort(i)})));

    function fill(ordered) {
        body.replaceChildren(...ordered.map((row) => element("tr", {}, ...row.map((value, i) => element("td", {
            className: (isText[i] ? "text" : "") + (i === 0 ? " name" : "") + (i === highlight(row) ? " best" : ""),
            textContent: show(value), title: i === 0 ? value : "",
        })))));
    }

    function sort(column) {
        const wasDescending = cells[column].getAttribute("aria-sort") === "descending";
        const isFirst = !cells[column].hasAttribute("aria-sort");
        const direction = isFirst ? (isText[column] ? 1 : -1) : wasDescending ? 1 : -1;
        for (const cell of cells) cell.removeAttribute("aria-sort");
        cells[column].setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
        fill([...rows].sort((a, b) => compare(a[column], b[column], direction)));
    }

    fill(rows);
    return element("table", {}, element("thead", {}, element("tr", {}, ...cells)), body);
}

function summary(table) {
    return [element("h3", {textContent: table.title}),
        element("div", {className: "wide"}, sortableTable(table.head, table.rows, () => -1))];
}

// The engines' cell with the highest speed or share; for other metrics none.
function fastest(metric, first, count) {
    if (metric !== "GFLOP/s" && metric !== "% of peak") return () => -1;
    return (row) => {
        const values = row.slice(first, first + count).map((value) => value ?? -1);
        return first + values.indexOf(Math.max(...values));
    };
}

function layersTable(run, metric, pattern) {
    const head = ["layer", "shape", "class", "MMAC", ...run.engines, "ratio to best peer"];
    const rows = run.layers
        .map((layer) => [layer.layer, layer.shape, layer.class, layer.mmac, ...layer.values[metric], layer.ratio])
        .filter((row) => row.slice(0, 3).join(" ").toLowerCase().includes(pattern.toLowerCase()));
    return sortableTable(head, rows, fastest(metric, 4, run.engines.length));
}

function layers(run) {
    const place = element("div", {className: "wide long", tabIndex: 0});
    const metric = element("select", {ariaLabel: "What the engines' columns show"},
        ...run.metrics.map((name) => element("option", {textContent: name})));
    const pattern = element("input", {type: "search", placeholder: "only layers with ...", ariaLabel: "Filter"});
    const refresh = () => place.replaceChildren(layersTable(run, metric.value, pattern.value));
    metric.onchange = pattern.oninput = refresh;
    refresh();
    return [element("h3", {textContent: "Layers"}), element("div", {className: "controls"}, metric, pattern), place];
}

for (const place of document.querySelectorAll(".tables")) {
    const run = runs[place.dataset.run];
    place.append(...run.summary.flatMap(summary), ...layers(run));
}

document.getElementById("theme").onclick = () => {
    const root = document.documentElement;
    const isDark = root.dataset.theme === "dark" ||
        (root.dataset.theme === undefined && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = isDark ? "light" : "dark";
};
