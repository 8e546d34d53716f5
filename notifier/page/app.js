/** The page: what is on the screen follows from `state`, and `views` draw it. */

import { html } from "./html.js";
import { chooseLanguage, preferredLanguage } from "./i18n.js";
import { session, signIn, storedToken, takeTokenFromAddress } from "./state/session.js";
import { followAddress } from "./state/view.js";
import { render } from "./vendor/preact.mjs";
import { Main } from "./views/main.js";
import { SignIn } from "./views/sign_in.js";

function App() {
  return session.value.phase === "in" ? html`<${Main} />` : html`<${SignIn} />`;
}

// Before anything else: the address is what people copy, and what histories keep.
const given = takeTokenFromAddress();

addEventListener("hashchange", () => {
  const token = takeTokenFromAddress();
  if (token !== null) signIn(token);
});
followAddress();

const token = given ?? storedToken();
const entering = token === null ? undefined : signIn(token);
await chooseLanguage(preferredLanguage());
// Whoever is signed in already need not see the way in for a moment.
await entering;
render(html`<${App} />`, document.getElementById("page"));
