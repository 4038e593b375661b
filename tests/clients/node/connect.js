// Clients of the hub: mutual TLS with the PEM files that `unefois pki issue` writes, schemas read from `proto/`.

const fs = require("node:fs");
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const READING = { keepCase: true, longs: Number, enums: String, bytes: Buffer, defaults: true, oneofs: true };

/** The packages of these `.proto` files, found in these folders. */
function contract(folders, files) {
  return loader.loadSync(files, { ...READING, includeDirs: folders });
}

function credentials(pki, agency) {
  const read = (name) => fs.readFileSync(path.join(pki, name));
  return grpc.credentials.createSsl(read("ca.pem"), read(`${agency}-main.key`), read(`${agency}-main.pem`));
}

/** A client of one service, as the system `main` of an agency. */
function client(definitions, service, hub, pki, agency) {
  const Client = grpc.makeGenericClientConstructor(definitions[service], service);
  return new Client(hub, credentials(pki, agency));
}

module.exports = { contract, client };
