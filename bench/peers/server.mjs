// A peer: better-auth's api-key plugin under Node's own web server, in a kept SQLite file.
//
//   PEERS_FOLDER=DIR node server.mjs make [KEYS]    makes the database, and a file with a request for each key
//   PEERS_FOLDER=DIR node server.mjs PORT           answers GET /check
//
// As its documentation shows, less its limits of rate, which would refuse what is measured; and SQLite
// does not wait for the disk: each check writes when the key was used last.
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import Database from "better-sqlite3";

const folder = process.env.PEERS_FOLDER;
const database = new Database(join(folder, "better-auth.sqlite3"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = NORMAL");

const auth = betterAuth({
  database,
  baseURL: "http://localhost",
  secret: "for measuring only, and long enough to be let pass",
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
});

async function make(keys) {
  await (await getMigrations(auth.options)).runMigrations();
  const { user } = await auth.api.signUpEmail({
    body: { email: "bench@example.com", name: "Bench", password: "for measuring only" },
  });
  const requests = [];
  for (let number = 0; number < keys; number += 1) {
    const { key } = await auth.api.createApiKey({
      body: { userId: user.id, name: `Shop ${number}`, permissions: { search: ["use"] } },
    });
    requests.push({ method: "GET", path: "/check", headers: { "x-api-key": key } });
  }
  writeFileSync(join(folder, "better-auth.json"), JSON.stringify(requests));
}

async function answer(request, response) {
  const { valid, key } = await auth.api.verifyApiKey({ body: { key: request.headers["x-api-key"] ?? "" } });
  const body = valid ? { owner: key.referenceId, permissions: key.permissions } : { error: "refused" };
  response.writeHead(valid ? 200 : 401, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

const [word, keys] = process.argv.slice(2);
if (word === "make") await make(Number(keys ?? 1000));
else createServer(answer).listen(Number(word), "127.0.0.1");
