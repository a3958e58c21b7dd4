"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
const places = document.querySelectorAll(".chart");
const dark = window.matchMedia("(prefers-color-scheme: dark)");
// Without the button that would upload a chart to plotly's cloud.
const config = { showSendToCloud: false, plotlyServerURL: "", displaylogo: false, displayModeBar: false, responsive: true };

function draw() {
  const shown = figures[dark.matches ? "dark" : "light"];
  places.forEach((place, number) => Plotly.react(place, shown[number].data, shown[number].layout, config));
}

draw();
dark.addEventListener("change", draw);
