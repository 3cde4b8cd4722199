#!/usr/bin/env bash
# What:     QNetworkAccessManager of Qt 5.15.8, OkHttp 3.13.1, HttpClient 4.5.14 of Apache, httpc of Erlang 25.2.3, LWP 6.68 and
#           HTTP::Tiny of Perl 5.36 (Debian 12), by default options: a POST whose server reads it whole and closes without an
#           answer, on a new connection and on one that an answer has left open; and a POST that is answered with 408.
# Guess:    (worded after the first run) Qt and Erlang send it again on a connection that was in use, where the server may have closed before it read; on a
#           new one each sends it once, and a 408 is an answer.
# Seen:     Qt sends it twice on a new connection, too, and then reports the error: a chat that a server had begun when it
#           ended is made, and paid, twice. OkHttp, the client of most programs on Android, does so on a kept connection, and
#           at a 408, by which a proxy ends a slow upload. Erlang's httpc and the others send it once.
# Output:   qt: new 2, kept 2, 408 1
#           okhttp: new 1, kept 2, 408 2
#           httpclient: new 1, kept 1, 408 1
#           erlang: new 1, kept 1, 408 1
#           lwp: new 1, kept 1, 408 1
#           tiny: new 1, kept 1, 408 1
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries, Perl and Java 17 have to be installed.
(cd "$work" && apt-get download -qq 'python3-pyqt5=5.15.9+*' python3-pyqt5.sip 'libqt5core5a=5.15.8+*' 'libqt5network5=5.15.8+*' \
  'libokhttp-java=3.13.1-*' libokio-java 'libhttpclient-java=4.5.14-*' libhttpcore-java libcommons-logging-java libcommons-codec-java \
  'erlang-base=1:25.2.3+*' 'erlang-inets=1:25.2.3+*' 'erlang-ssl=1:25.2.3+*' 'erlang-public-key=1:25.2.3+*' 'erlang-asn1=1:25.2.3+*' \
  'erlang-crypto=1:25.2.3+*' 'libwww-perl=6.68-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
export HOME=$work

cat >server.py <<'PY'
"""/ok is answered, and its connection kept; /NAME-408 is answered with 408; at any other the connection is closed."""
import collections, http.server, json, os

counts = collections.Counter()
class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        counts[self.path] += 1
        if self.path == "/ok":
            self.answer(b"{}")
        elif self.path.endswith("-408"):
            self.send_response(408)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
        else:
            self.close_connection = True

    def do_GET(self):
        self.answer(json.dumps(counts).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
with open("port.new", "w") as file:
    file.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
PY
/usr/bin/python3 server.py &
until [[ -e port ]]; do sleep 0.05; done
base=http://127.0.0.1:$(<port)

cat >qt.py <<'PY'
import sys
from PyQt5.QtCore import QCoreApplication, QTimer, QUrl
from PyQt5.QtNetwork import QNetworkAccessManager, QNetworkRequest

application = QCoreApplication(sys.argv)
manager = QNetworkAccessManager()
paths = ["/qt-new", "/ok", "/qt-kept", "/qt-408"]
def post():
    if not paths:
        return application.quit()
    request = QNetworkRequest(QUrl(sys.argv[1] + paths.pop(0)))
    request.setHeader(QNetworkRequest.ContentTypeHeader, "application/json")
    reply = manager.post(request, b"{}")
    reply.finished.connect(lambda: (reply.readAll(), reply.deleteLater(), QTimer.singleShot(100, post)))
post()
QTimer.singleShot(30000, application.quit)
application.exec_()
PY
LD_LIBRARY_PATH=$(echo "$work"/usr/lib/*-linux-gnu) PYTHONPATH=$work/usr/lib/python3/dist-packages /usr/bin/python3 qt.py "$base" 2>messages

cat >Finding.java <<'JAVA'
import java.io.IOException;
import okhttp3.*;
import org.apache.http.client.methods.*;
import org.apache.http.entity.StringEntity;
import org.apache.http.impl.client.*;
import org.apache.http.util.EntityUtils;

public class Finding {
  public static void main(String[] args) throws Exception {
    OkHttpClient client = new OkHttpClient();
    for (String path : new String[] {"/okhttp-new", "/ok", "/okhttp-kept", "/okhttp-408"}) {
      RequestBody body = RequestBody.create(MediaType.parse("application/json"), "{}");
      try (Response response = client.newCall(new Request.Builder().url(args[0] + path).post(body).build()).execute()) {
        response.body().string();
      } catch (IOException expected) {
      }
    }
    CloseableHttpClient apache = HttpClients.createDefault();
    for (String path : new String[] {"/httpclient-new", "/ok", "/httpclient-kept", "/httpclient-408"}) {
      HttpPost post = new HttpPost(args[0] + path);
      post.setEntity(new StringEntity("{}"));
      try (CloseableHttpResponse response = apache.execute(post)) {
        EntityUtils.consume(response.getEntity());
      } catch (IOException expected) {
      }
    }
    System.exit(0);
  }
}
JAVA
java -cp "$(find usr/share/java -name '*.jar' | tr '\n' ':')" Finding.java "$base" 2>>messages

cat >finding.erl <<'ERL'
% The first line of a script is passed over.
main([Base]) ->
    {ok, _} = application:ensure_all_started(inets),
    [httpc:request(post, {Base ++ Path, [], "application/json", "{}"}, [{timeout, 5000}], [])
     || Path <- ["/erlang-new", "/ok", "/erlang-kept", "/erlang-408"]].
ERL
ROOTDIR=$work/usr/lib/erlang BINDIR=$(echo "$work"/usr/lib/erlang/erts-*/bin) EMU=beam PROGNAME=erl \
  "$(echo "$work"/usr/lib/erlang/erts-*/bin/erlexec)" -boot no_dot_erlang -noshell -eval \
  '{ok, [_|_] = Args} = {ok, init:get_plain_arguments()}, escript:start(Args)' -extra finding.erl "$base" >>messages 2>&1 || true

perl -I usr/share/perl5 -e 'use LWP::UserAgent; use HTTP::Tiny; my $base = shift;
  my $lwp = LWP::UserAgent->new(keep_alive => 1);
  $lwp->post("$base/$_", "Content-Type" => "application/json", Content => "{}") for "lwp-new", "ok", "lwp-kept", "lwp-408";
  my $tiny = HTTP::Tiny->new;
  $tiny->post("$base/$_", {content => "{}"}) for "tiny-new", "ok", "tiny-kept", "tiny-408";' "$base"

counts=$(curl -s "$base/")
for name in qt okhttp httpclient erlang lwp tiny; do
  jq -r --arg name "$name" '"\($name): new \(."/\($name)-new"), kept \(."/\($name)-kept"), 408 \(."/\($name)-408")"' <<<"$counts"
done | tee seen
diff - seen <<'EXPECTED'
qt: new 2, kept 2, 408 1
okhttp: new 1, kept 2, 408 2
httpclient: new 1, kept 1, 408 1
erlang: new 1, kept 1, 408 1
lwp: new 1, kept 1, 408 1
tiny: new 1, kept 1, 408 1
EXPECTED
