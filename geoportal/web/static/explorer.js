// The explorer pages work without this. It draws the features that stand in the page, and the API definition.
(function () {
  "use strict";

  function drawFeatures(box) {
    var data = JSON.parse(document.getElementById("unsur").textContent);
    var map = L.map(box, { attributionControl: false, zoomSnap: 0.25, worldCopyJump: false });
    var layer = L.geoJSON({ type: "FeatureCollection", features: data }, {
      style: { color: "#0B4F5C", weight: 1.6, fillColor: "#58A0A2", fillOpacity: 0.35 },
      pointToLayer: function (feature, place) {
        return L.circleMarker(place, { radius: 6, color: "#fff", weight: 2, fillColor: "#0B4F5C", fillOpacity: 1 });
      },
      onEachFeature: function (feature, shape) {
        var words = document.createElement("span");
        words.textContent = String(feature.id);
        shape.bindTooltip(words);
      }
    }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    var bounds = layer.getBounds();
    if (bounds.isValid()) map.fitBounds(bounds, { padding: [24, 24], maxZoom: 16 });
    else map.setView([0, 117], 4);
  }

  function drawDefinition(box) {
    window.SwaggerUIBundle({
      url: box.dataset.definition,
      domNode: box,
      deepLinking: true,
      defaultModelsExpandDepth: -1,
      docExpansion: "none",
      validatorUrl: null
    });
  }

  var features = document.getElementById("peta");
  if (features && window.L) drawFeatures(features);
  var definition = document.getElementById("swagger-ui");
  if (definition && window.SwaggerUIBundle) drawDefinition(definition);
})();
