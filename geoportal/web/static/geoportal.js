// The pages work without this. It adds one comfort: "Salin" copies the text beside it.
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
})();
