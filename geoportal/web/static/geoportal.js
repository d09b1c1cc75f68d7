// The pages work without this. It adds two comforts: "Salin" copies the text beside it, and a place that an address
// names is unfolded in browsers that do not do it themselves.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");

  function select(node) {
    var range = document.createRange();
    range.selectNodeContents(node);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button) return;
    var source = document.getElementById(button.dataset.copy);
    var word = button.querySelector("span");
    function done() {
      var before = word.textContent;
      word.textContent = button.dataset.done;
      window.setTimeout(function () { word.textContent = before; }, 2000);
    }
    if (navigator.clipboard) {
      navigator.clipboard.writeText(source.textContent).then(done, function () { select(source); });
    } else {
      select(source);
      if (document.execCommand("copy")) done();
    }
  });

  function unfold() {
    var named = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var folded = named && named.closest("details:not([open])");
    if (!folded) return;
    folded.open = true;
    named.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);
  unfold();
})();
