// Base maps of other hosts, as the settings of the node name them, beside the node's own ground.
(function () {
    'use strict';
    var block = document.getElementById('ubin');
    if (!block || !window.L) { return; }
    var offered = JSON.parse(block.textContent);
    function plain(text) {
        var holder = document.createElement('span');
        holder.textContent = text;
        return holder.innerHTML;
    }
    L.Map.addInitHook(function () {
        var map = this, bases = {}, own = L.layerGroup();
        bases[plain(offered.ground)] = own;
        offered.layers.forEach(function (layer) {
            bases[plain(layer.name)] = L.tileLayer(layer.url, {
                attribution: plain(layer.attribution), maxNativeZoom: layer.maxZoom, maxZoom: 22
            });
        });
        own.addTo(map);
        L.control.layers(bases, null, {position: 'topright'}).addTo(map);
        var credit = L.control.attribution({position: 'bottomright', prefix: false});
        map.on('baselayerchange', function (event) {
            var foreign = event.layer !== own;
            map.getContainer().classList.toggle('ubin', foreign);
            if (foreign) { credit.addTo(map); } else { credit.remove(); }
        });
    });
}());
