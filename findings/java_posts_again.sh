#!/usr/bin/env bash
# What:     the two HTTP clients of OpenJDK 17.0.21.1 (Debian 12), HttpURLConnection and java.net.http.HttpClient: the server reads
#           the request and closes the connection without an answer, a new one or one that has served a request before.
# Guess:    GET may be sent a second time. A POST is not: the server may have carried it out, and the caller gets an
#           exception.
# Seen:     HttpURLConnection sends POST and PUT a second time, on a new connection, too, and if that one is answered the
#           caller never learns of the first. `-Dsun.net.http.retryPost=false` stops it for POST and leaves PUT. HttpClient
#           repeats GET alone.
# Output:   HttpURLConnection GET: 2 requests, POST: 2 requests, PUT: 2 requests
#           HttpClient GET: 2 requests, POST: 1 request, PUT: 1 request
#           with retryPost=false: HttpURLConnection GET: 2 requests, POST: 1 request, PUT: 2 requests
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'openjdk-17-jre-headless=17.0.21.1+*' 'openjdk-17-jdk-headless=17.0.21.1+*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
java=$(echo "$work"/usr/lib/jvm/java-17-openjdk-*/bin/java)
mkdir -p etc/java-17-openjdk

cat >Finding.java <<'JAVA'
import java.io.*;
import java.net.*;
import java.net.http.*;
import java.util.concurrent.atomic.AtomicInteger;

public class Finding {
  static final AtomicInteger requests = new AtomicInteger();

  /** Reads each request whole, and closes. */
  static void serve(ServerSocket listener) {
    while (true) {
      try (Socket client = listener.accept()) {
        BufferedReader reader = new BufferedReader(new InputStreamReader(client.getInputStream()));
        int length = 0;
        for (String line = reader.readLine(); !line.isEmpty(); line = reader.readLine()) {
          if (line.toLowerCase().startsWith("content-length:")) length = Integer.parseInt(line.substring(15).trim());
        }
        for (int i = 0; i < length; i++) reader.read();
        requests.incrementAndGet();
      } catch (IOException left) {
      }
    }
  }

  static void classic(URL url, String method) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) url.openConnection();
    connection.setRequestMethod(method);
    if (!method.equals("GET")) {
      connection.setDoOutput(true);
      connection.getOutputStream().write("text".getBytes());
    }
    connection.getResponseCode();
  }

  static void modern(URL url, String method) throws Exception {
    var body = method.equals("GET") ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString("text");
    var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    client.send(HttpRequest.newBuilder(url.toURI()).method(method, body).build(), HttpResponse.BodyHandlers.discarding());
  }

  public static void main(String[] programs) throws Exception {
    ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread server = new Thread(() -> serve(listener));
    server.setDaemon(true);
    server.start();
    URL url = new URL("http://127.0.0.1:" + listener.getLocalPort() + "/");
    for (String program : programs) {
      StringBuilder line = new StringBuilder(program);
      for (String method : new String[] {"GET", "POST", "PUT"}) {
        requests.set(0);
        try {
          if (program.equals("HttpClient")) modern(url, method);
          else classic(url, method);
        } catch (IOException expected) {
        }
        int count = requests.get();
        line.append(method.equals("GET") ? " " : ", ").append(method).append(": ").append(count)
            .append(count == 1 ? " request" : " requests");
      }
      System.out.println(line);
    }
    System.exit(0);
  }
}
JAVA

{
  "$java" Finding.java HttpURLConnection HttpClient
  echo "with retryPost=false: $("$java" -Dsun.net.http.retryPost=false Finding.java HttpURLConnection)"
} | tee seen
diff - seen <<'EXPECTED'
HttpURLConnection GET: 2 requests, POST: 2 requests, PUT: 2 requests
HttpClient GET: 2 requests, POST: 1 request, PUT: 1 request
with retryPost=false: HttpURLConnection GET: 2 requests, POST: 1 request, PUT: 2 requests
EXPECTED
