// The explorer pages work without this. It draws the features that stand in the page, and the API definition.
(function () {
  "use strict";

  // As geoportal/maps/ground.py draws it.
  var GROUND = {
    neighbour: { weight: 1, color: "#CFC7B8", dashArray: "1 3", fillColor: "#EEEAE0", fillOpacity: 1 },
    land: { weight: 1.4, color: "#5A4A3F", fillColor: "#FFFDF7", fillOpacity: 1 },
    lake: { weight: 0.6, color: "#4C9BAA", fillColor: "#BFDDE2", fillOpacity: 1 },
    district: { weight: 0.8, color: "#B5A996", dashArray: "5 4" },
    road: { weight: 1.4, color: "#DDD2BF" },
    river: { weight: 1.2, color: "#4C9BAA" }
  };
  var ORDER = ["neighbour", "land", "lake", "road", "district", "river"];
  var PLAIN = { color: "#0B4F5C", weight: 1.6, fillColor: "#58A0A2", fillOpacity: 0.35 };
  var DOT = { radius: 6, color: "#fff", weight: 2, fillColor: "#0B4F5C", fillOpacity: 1 };
  var CHOSEN = { color: "#241C17", weight: 3, fillColor: "#E3A917", fillOpacity: 0.6 };

  function dotted(feature) {
    return /Point$/.test(feature.geometry.type);
  }

  function kindOf(feature) {
    return (feature.properties && feature.properties.kind) || "land";
  }

  function drawGround(map, box, seen) {
    fetch(box.dataset.ground).then(function (answer) { return answer.json(); }).then(function (data) {
      map.createPane("ground").style.zIndex = 250;
      map.getPane("ground").style.pointerEvents = "none";
      var renderer = L.canvas({ pane: "ground", padding: 0.5 });
      var features = data.features || [data];
      var under = L.featureGroup();
      ORDER.forEach(function (kind) {
        under.addLayer(L.geoJSON(features.filter(function (feature) { return kindOf(feature) === kind; }), {
          pane: "ground", renderer: renderer, interactive: false, style: GROUND[kind]
        }));
      });
      if (!under.getBounds().intersects(seen)) return;
      box.classList.add("sea");
      under.addTo(map);
      features.forEach(function (feature) {
        var facts = feature.properties;
        if (kindOf(feature) !== "name" || ["tetangga", "kota", "laut", "sungai"].indexOf(facts.of) < 0) return;
        var words = document.createElement("span");
        words.textContent = (box.dataset.language === "en" && facts.name_en) || facts.name;
        L.marker(feature.geometry.coordinates.slice(0, 2).reverse(), {
          pane: "ground", interactive: false, keyboard: false,
          icon: L.divIcon({ className: "place is-" + facts.of, html: words, iconSize: [0, 0] })
        }).addTo(map);
      });
    }).catch(function () { /* a map without land is still a map */ });
  }

  function drawFeatures(box) {
    var data = JSON.parse(document.getElementById("unsur").textContent);
    var map = L.map(box, { attributionControl: false, zoomControl: false, zoomSnap: 0.25, preferCanvas: true });
    var shapes = {}, chosen = null;
    var layer = L.geoJSON({ type: "FeatureCollection", features: data }, {
      renderer: L.canvas({ tolerance: 6, padding: 0.3 }),
      style: function (feature) { return dotted(feature) ? DOT : PLAIN; },
      pointToLayer: function (feature, place) { return L.circleMarker(place, DOT); },
      onEachFeature: function (feature, shape) { shapes[feature.properties.n] = shape; }
    });
    var zoom = L.control.zoom({ zoomInTitle: box.dataset.closer, zoomOutTitle: box.dataset.further }).addTo(map);
    // The map is one stop: with it in focus, arrows move it, plus and minus zoom.
    zoom.getContainer().querySelectorAll("a").forEach(function (link) { link.tabIndex = -1; });
    L.control.scale({ imperial: false }).addTo(map);
    var seen = layer.getBounds();
    if (!seen.isValid()) map.setView([0, 117], 4);
    else if (seen.getNorthEast().equals(seen.getSouthWest())) map.setView(seen.getCenter(), 11);
    else map.fitBounds(seen, { padding: [24, 24], maxZoom: 18 });
    layer.addTo(map);
    if (box.dataset.ground && seen.isValid()) drawGround(map, box, seen);

    function row(n) {
      return document.querySelector('tr[data-n="' + n + '"]');
    }

    function styleOf(shape) {
      return dotted(shape.feature) ? DOT : PLAIN;
    }

    function choose(n) {
      if (chosen === n) return;
      if (chosen !== null) {
        if (shapes[chosen]) shapes[chosen].setStyle(styleOf(shapes[chosen]));
        if (row(chosen)) row(chosen).classList.remove("chosen");
      }
      chosen = n;
      if (shapes[n]) { shapes[n].setStyle(CHOSEN); shapes[n].bringToFront(); }
      if (row(n)) row(n).classList.add("chosen");
    }

    function named(shape) {
      var words = document.createElement("span");
      words.textContent = shape.feature.properties.name;
      return words;
    }

    // One for all: a tooltip on each shape would make each a stop for the Tab key.
    layer.bindTooltip(named, { sticky: true });
    var link = box.dataset.open;
    if (link) {
      layer.bindPopup(function (shape) {
        var words = document.createElement("div"), title = document.createElement("b");
        title.textContent = shape.feature.properties.name;
        words.appendChild(title);
        var there = row(shape.feature.properties.n);
        if (there) {
          var way = document.createElement("a");
          way.href = there.querySelector("a").href;
          way.textContent = link;
          words.appendChild(document.createElement("br"));
          words.appendChild(way);
        }
        return words;
      }, { closeButton: false });
      layer.on("click", function (event) { choose(event.layer.feature.properties.n); });
      document.querySelectorAll("tr[data-n]").forEach(function (line) {
        var n = Number(line.dataset.n);
        function here() { choose(n); }
        line.addEventListener("mouseenter", here);
        line.addEventListener("focusin", here);
        line.addEventListener("click", function (event) {
          if (event.target.closest("a") || !shapes[n]) return;
          choose(n);
          var shape = shapes[n];
          map.panTo(shape.getBounds ? shape.getBounds().getCenter() : shape.getLatLng());
          box.scrollIntoView({ block: "nearest" });
        });
      });
    }
  }

  // Defaults go into words: what a form holds is sent, and a plain click should ask for the plain address.
  function withoutDefaults(definition, word) {
    var shared = definition.components.parameters;
    var all = Object.keys(shared).map(function (name) { return shared[name]; });
    Object.keys(definition.paths).forEach(function (path) {
      Object.keys(definition.paths[path]).forEach(function (method) {
        all = all.concat(definition.paths[path][method].parameters || []);
      });
    });
    all.forEach(function (parameter) {
      if (!parameter.schema || parameter.required || parameter.schema.default === undefined) return;
      parameter.description = (parameter.description || "") + " " + word + " `" + parameter.schema.default + "`.";
      delete parameter.schema.default;
    });
    return definition;
  }

  function drawDefinition(box) {
    function show(options) {
      options.domNode = box;
      options.deepLinking = true;
      options.defaultModelsExpandDepth = -1;
      options.docExpansion = "none";
      options.validatorUrl = null;
      window.SwaggerUIBundle(options);
    }
    fetch(box.dataset.definition).then(function (answer) {
      if (!answer.ok) throw new Error(answer.status);
      return answer.json();
    }).then(function (definition) {
      show({ spec: withoutDefaults(definition, box.dataset.default) });
    }).catch(function () { show({ url: box.dataset.definition }); });
  }

  var features = document.getElementById("peta");
  if (features && window.L) drawFeatures(features);
  var definition = document.getElementById("swagger-ui");
  if (definition && window.SwaggerUIBundle) drawDefinition(definition);
})();
