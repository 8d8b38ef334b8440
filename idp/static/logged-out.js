// Goes on once every hall's frame has loaded, or after three seconds. Without this script the page itself goes on
// when the frames are there, and its link leads on at any time.
"use strict";

const onward = () => {
  const link = document.getElementById("onward");
  if (link !== null) location.replace(link.href);
};
addEventListener("load", onward);
setTimeout(onward, 3000);
