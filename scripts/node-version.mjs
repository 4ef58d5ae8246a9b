/** Stops with one clear line on a Node that cannot run the product. On Linux x64 npm installs a fitting one. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 9)) return;
  process.stderr.write(
    `Node ${process.versions.node} is too old: install Node 24.9 or newer (https://nodejs.org).\n`,
  );
  process.exit(1);
}
