// Emmett's PostgreSQL event store as a contestant: node emmett.mjs FOLDER_WITH_NODE_MODULES CONNECTION_STRING CONNECTIONS
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [folder, connectionString, connections] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { getPostgreSQLEventStore } = require('@event-driven-io/emmett-postgresql');
const pg = require('pg');

const EVENTS_A_STREAM = 5;
const BODY = {
  at: '2026-03-02T09:00:00Z',
  by: { id: 'rep-7', role: 'rep', via: 'key:lk_3f9a1c' },
  made_by: 'rep-7',
  channel: 'call',
  outcome: 'reached',
  evidence: { provider: 'twilio', id: 'CA0123456789abcdef0123456789abcdef' },
  duration_seconds: 240,
  note: null,
};

const pool = new pg.Pool({ connectionString, max: Number(connections) });
const store = getPostgreSQLEventStore(connectionString, { connectionOptions: { pool } });
await store.schema.migrate();

function client(events) {
  const batch = Array.from({ length: events }, () => ({ type: 'LeadFollowedUp', data: BODY }));
  let stream = `lead-${randomUUID()}`;
  let version = 0;
  return async () => {
    if (version >= EVENTS_A_STREAM) {
      stream = `lead-${randomUUID()}`;
      version = 0;
    }
    await store.appendToStream(stream, batch, { expectedStreamVersion: version ? BigInt(version) : 'STREAM_DOES_NOT_EXIST' });
    version += events;
  };
}

async function run({ events, in_flight, seconds }) {
  const latencies = [];
  const started = performance.now();
  const end = started + 1000 * seconds;
  const work = async (act) => {
    for (let begun = performance.now(); begun < end; begun = performance.now()) {
      await act();
      latencies.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: in_flight }, () => work(client(events))));
  const took = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    per_second: latencies.length / took,
    p50_ms: latencies[Math.floor(latencies.length / 2)],
    p99_ms: latencies[Math.floor((latencies.length * 99) / 100)],
  };
}

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await run(JSON.parse(line))));
}
process.exit(0);
