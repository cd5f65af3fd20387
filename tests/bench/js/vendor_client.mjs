// The vendor's own client: COUNT contacts to the account at URL, 100 in a call, 10 calls in flight.
// It makes its rows itself: no database, nothing to compare with, nothing remembered.
import { Client } from '@hubspot/api-client';

import { contact, email } from './rows.mjs';

const [url, count, token] = process.argv.slice(2);
const client = new Client({ accessToken: token, basePath: url });
let next = 1;
let written = 0;

async function sender() {
  while (next <= Number(count)) {
    const inputs = [];
    for (; inputs.length < 100 && next <= Number(count); ++next) {
      const id = email(next);
      const trace = { objectWriteTraceId: String(next) };
      inputs.push({ id, idProperty: 'email', ...trace, properties: contact(next) });
    }
    const answer = await client.crm.contacts.batchApi.upsert({ inputs });
    written += answer.results.length;
  }
}

await Promise.all(Array.from({ length: 10 }, sender));
console.log(JSON.stringify({ written }));
