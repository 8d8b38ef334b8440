// The page's one form goes on by itself; its button is for browsers that run no scripts.
document.forms[0].submit();
