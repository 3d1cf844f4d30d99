"use strict";
// What makes pages more pleasant. All of them work without it.

const current = document.querySelector(".areas [aria-current]");
if (current) {
  const row = current.closest("ul"); // on a phone, one row that goes sideways
  row.scrollLeft = current.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
}

for (const input of document.querySelectorAll("input[type=file][data-most]")) {
  input.addEventListener("change", () => {
    const size = Array.from(input.files).reduce((sum, file) => sum + file.size, 0);
    input.setCustomValidity(size > Number(input.dataset.most) ? input.dataset.large : "");
    input.reportValidity(); // the form is not sent until another one is chosen
  });
}

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault(); // a second click sends nothing twice
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 3000); // what comes may be a file to keep
  });
}
