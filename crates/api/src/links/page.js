// The pages that letters, the first start and a provider of identities lead to. What a link holds stands behind the #, so
// that no server and no log sees it, and is taken out of the address at once.
const place = location.pathname.replace(/^\//, "");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname);

const form = document.getElementById("form");
const said = document.getElementById("said");

const pages = {
  "set-up": {
    title: "Choose your password",
    about: "If this is the first administrator, choose a username too. Who was invited has one: leave it empty.",
    fields: ["username", "password"],
    newPassword: true,
    async send({ username, password }) {
      await call("setup", username ? { token, username, password } : { token, password });
      return "Done. You can sign in with it from now on.";
    },
  },
  reset: {
    title: "Choose a new password",
    about: "Every session that is open ends.",
    fields: ["password"],
    newPassword: true,
    async send({ password }) {
      await call("reset", { token, password });
      return "Done. Sign in with the new password.";
    },
  },
  verify: {
    title: "Is this address yours?",
    about: "Sign in to the account that named it.",
    fields: ["username", "password", "code"],
    async send(typed) {
      const session = await signIn(typed);
      try {
        await call("verify", { token }, session.access_token);
      } finally {
        await signOut(session);
      }
      return "The address is yours: thank you.";
    },
  },
  "sign-in": {
    title: "Sign in",
    about: "",
    fields: ["username", "password", "code"],
    async send(typed) {
      return greet(await signIn(typed));
    },
  },
};

async function call(path, body, bearer) {
  const headers = { "content-type": "application/json" };
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  const response = await fetch(`/v1/auth/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return answer;
  const errors = (answer?.errors ?? []).map((error) => `${error.pointer.replace(/^\//, "")} ${error.detail}`);
  throw new Error(errors.join("; ") || answer?.detail || `The server answered ${response.status}.`);
}

function signIn({ username, password, code }) {
  return call("login", code ? { username, password, code } : { username, password });
}

function signOut({ access_token }) {
  return call("logout", {}, access_token);
}

async function greet(session) {
  const response = await fetch("/v1/me", { headers: { authorization: `Bearer ${session.access_token}` } });
  const me = await response.json();
  await signOut(session);
  return `You are ${me.username}, with the role ${me.role}.`;
}

async function attempt(work) {
  const button = form.querySelector("button");
  button.disabled = true;
  said.textContent = "";
  try {
    said.textContent = await work();
    said.dataset.kind = "done";
    form.hidden = true;
  } catch (error) {
    said.textContent = error.message;
    said.dataset.kind = "refused";
  } finally {
    button.disabled = false;
  }
}

const page = pages[place];
document.title = page.title;
document.getElementById("title").textContent = page.title;
document.getElementById("about").textContent = page.about;
if (place === "set-up") form.querySelector('[data-field="username"]').firstChild.data = "Username, of the first administrator ";
for (const label of form.querySelectorAll("label")) label.hidden = !page.fields.includes(label.dataset.field);
if (page.newPassword) form.elements.password.autocomplete = "new-password";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => page.send(Object.fromEntries(new FormData(form))));
});
if (place === "sign-in" && token) attempt(async () => greet(await call("oidc", { token })));
else if (place !== "sign-in" && !token) said.textContent = "The link is not whole: open it as it stands in the letter.";
