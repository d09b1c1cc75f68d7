(function (map, data) {
    'use strict';
    var words = data.words;
    var ORDER = ['blocking', 'warning', 'info'];
    function pairs(flat) {
        var list = [];
        for (var at = 0; at < flat.length; at += 2) { list.push([flat[at + 1], flat[at]]); }
        return list;
    }
    // Every text is set as text, never as markup: ids and names come from files.
    function element(name, className, content) {
        var made = document.createElement(name);
        if (className) { made.className = className; }
        if (content !== undefined) { made.textContent = content; }
        return made;
    }
    function markOf(severity) {
        var holder = element('span');
        holder.innerHTML = data.marks[severity];
        return holder.firstChild;
    }
    var box = map.getContainer();
    box.setAttribute('role', 'region');
    box.setAttribute('aria-label', words.map);
    var room = map.getSize();
    // Where there is room beside the legend, nothing is laid under it.
    var aside = room.x >= 900 ? 354 : 24;
    map.fitBounds(data.box, {maxZoom: data.closest, animate: false,
        paddingTopLeft: [data.legendLeft ? aside : 24, 24], paddingBottomRight: [data.legendLeft ? 24 : aside, 24]});
    // On a phone the pop-up takes the upper part.
    L.control.zoom({position: room.x < 560 ? 'bottomright' : 'topright', zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut}).addTo(map);
    if (data.onEarth) { L.control.scale({position: 'bottomleft', imperial: false, maxWidth: 90}).addTo(map); }

    var canvas = L.canvas({padding: 0.3});
    if (data.lines.length) {
        L.polyline(data.lines.map(pairs), {renderer: canvas, interactive: false, color: '#74655A', weight: 1.1,
            smoothFactor: 0.5}).addTo(map);
    }
    pairs(data.points).forEach(function (at) {
        L.circleMarker(at, {renderer: canvas, interactive: false, radius: 2, weight: 0, fillColor: '#74655A',
            fillOpacity: 0.8}).addTo(map);
    });

    function popup(place) {
        var finding = data.findings[place.finding], holder = element('div');
        var weight = element('p', 'berat');
        weight.appendChild(markOf(finding.severity));
        weight.appendChild(element('span', '', words[finding.severity]));
        holder.appendChild(weight);
        holder.appendChild(element('h2', '', finding.title));
        holder.appendChild(element('p', 'pesan', place.said || finding.message));
        if (finding.hint) {
            var hint = element('p', 'saran');
            hint.appendChild(element('strong', '', words.hint + ' '));
            hint.appendChild(document.createTextNode(finding.hint));
            holder.appendChild(hint);
        }
        var table = element('table');
        [[words.feature, place.feature], [words.related, place.related],
            [words.layer, data.layers > 1 ? finding.layer : null], [words.place, place.at]].forEach(function (row) {
            if (row[1] === null || row[1] === '') { return; }
            var line = table.insertRow(), head = element('th', '', row[0]);
            head.scope = 'row';
            line.appendChild(head);
            line.appendChild(element('td', '', row[1]));
        });
        holder.appendChild(table);
        return holder;
    }
    var options = {minWidth: 200, maxWidth: Math.max(200, Math.min(320, room.x - 80)),
        maxHeight: Math.max(140, Math.min(340, room.y - 90)), autoPanPaddingTopLeft: [12, 12],
        autoPanPaddingBottomRight: [60, 12]};
    var icons = {};
    ORDER.forEach(function (severity) {
        icons[severity] = L.divIcon({className: 'tanda', html: data.marks[severity], iconSize: [28, 28]});
    });
    var cluster = L.markerClusterGroup({
        maxClusterRadius: 44, showCoverageOnHover: false, spiderLegPolylineOptions: {color: '#241C17', weight: 1.2},
        iconCreateFunction: function (group) {
            var children = group.getAllChildMarkers(), worst = 2;
            children.forEach(function (child) { worst = Math.min(worst, child.weight); });
            var size = children.length < 10 ? 28 : children.length < 100 ? 34 : 42;
            return L.divIcon({className: 'kelompok ' + ORDER[worst], html: String(children.length),
                iconSize: [size, size]});
        }
    });
    var groups = data.findings.map(function () { return {markers: [], shapes: L.featureGroup()}; });
    data.places.forEach(function (row) {
        var place = {finding: row[0], feature: row[3], related: row[4], said: row[5], at: row[6]};
        var finding = data.findings[place.finding], severity = finding.severity, group = groups[place.finding];
        function content() { return popup(place); }
        var label = finding.title + (place.feature ? ', ' + words.feature + ' ' + place.feature : '');
        var marker = L.marker([row[2], row[1]], {icon: icons[severity], title: label, alt: label});
        marker.weight = ORDER.indexOf(severity);
        marker.bindPopup(content, options);
        group.markers.push(marker);
        if (row[7]) {
            L.geoJSON(row[7], {
                pointToLayer: function (_, at) { return L.circleMarker(at, {radius: 4}); },
                style: {color: data.colours[severity], weight: 2.5, fillColor: data.colours[severity],
                    fillOpacity: 0.45, dashArray: severity === 'info' ? '2 4' : severity === 'warning' ? '7 4' : null}
            }).bindPopup(content, options).addTo(group.shapes);
        }
    });
    map.on('popupopen', function (event) {
        var close = event.popup.getElement().querySelector('.leaflet-popup-close-button');
        if (close) { close.setAttribute('aria-label', words.close); }
    });
    map.addLayer(cluster);
    function show(number, shown) {
        var group = groups[number];
        if (shown) {
            cluster.addLayers(group.markers);
            group.shapes.addTo(map);
        } else {
            cluster.removeLayers(group.markers);
            group.shapes.remove();
        }
    }
    document.querySelectorAll('.legenda input[data-temuan]').forEach(function (input) {
        var number = Number(input.dataset.temuan);
        input.addEventListener('change', function () { show(number, input.checked); });
        if (input.checked) { show(number, true); }
    });
    box.addEventListener('pointerdown', function () { box.classList.add('ditunjuk'); }, true);
    box.addEventListener('keydown', function () { box.classList.remove('ditunjuk'); }, true);
})(MAP, JSON.parse(DATA));
