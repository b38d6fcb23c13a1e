// Sends a photo to the server and gives its record; asks again while the server is busy.
const TRIES = 5;

export async function request(path, photo, tries = TRIES) {
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
