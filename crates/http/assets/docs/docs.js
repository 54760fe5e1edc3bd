// The calls that the page shows go to where the page comes from. Without a script they name the usual address.
document.addEventListener("DOMContentLoaded", () => {
  for (const place of document.querySelectorAll("[data-origin]")) place.textContent = location.origin;
});
