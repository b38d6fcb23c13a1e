// What the page asks of the server that it came from. The page that computes by itself has local.js instead.
const TRIES = 5;

export const describe = async () => (await fetch("card")).json();

export const example = async () => (await fetch("example.jpg")).blob();

export const classify = async (photo, top) => (await request(`classify?top=${top}`, photo)).predictions;

export const explain = async (photo, predictions) =>
  (await request(`explain?top=${predictions.length}`, photo)).predictions;

// Sends a photo to the server and gives its record; asks again while the server is busy.
async function request(path, photo, tries = TRIES) {
  let response;
  try {
    response = await fetch(path, { method: "POST", body: photo });
  } catch {
    throw new Error("The server cannot be reached.");
  }
  if ((response.status === 429 || response.status === 503) && tries > 1) {
    const seconds = Number(response.headers.get("Retry-After")) || 1;
    await new Promise((done) => setTimeout(done, 1000 * seconds));
    return request(path, photo, tries - 1);
  }
  const result = await response.json();
  if (!response.ok) throw new Error(result.error);
  return result;
}
