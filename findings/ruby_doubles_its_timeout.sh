#!/usr/bin/env bash
# What:     Net::HTTP of Ruby 3.1.2 (Debian 12): `read_timeout` of one second, and a server that takes longer, for the methods
#           GET, DELETE, PUT and POST.
# Guess:    an error after one second, one request at the server. A repeat after a timeout would be asked for.
# Seen:     GET, DELETE and PUT are sent twice, and the error comes after two seconds: `max_retries` is 1 by default, and a
#           read timeout counts as a reason. The server that was too slow has the same work twice, the first still running;
#           a caller with a limit of its own has to halve it, or to set `max_retries = 0`. POST is sent once.
# Output:   GET: ReadTimeout after 2 s, 2 requests
#           DELETE: ReadTimeout after 2 s, 2 requests
#           PUT: ReadTimeout after 2 s, 2 requests
#           POST: ReadTimeout after 1 s, 1 request
#           GET, max_retries 0: ReadTimeout after 1 s, 1 request
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'ruby3.1=3.1.2-*' 'libruby3.1=3.1.2-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
export LD_LIBRARY_PATH RUBYLIB
LD_LIBRARY_PATH=$(echo "$work"/usr/lib/*-linux-gnu)
RUBYLIB=$work/usr/lib/ruby/3.1.0:$(echo "$work"/usr/lib/*-linux-gnu/ruby/3.1.0)

cat >finding.rb <<'RUBY'
require 'net/http'
require 'socket'

requests = Queue.new
server = TCPServer.new('127.0.0.1', 0)
Thread.new do
  loop do
    client = server.accept
    Thread.new { requests << client.gets; sleep }
  end
end

def seconds = Process.clock_gettime(Process::CLOCK_MONOTONIC)

[['GET'], ['DELETE'], ['PUT'], ['POST'], ['GET', 0]].each do |method, retries|
  http = Net::HTTP.new('127.0.0.1', server.local_address.ip_port)
  http.read_timeout = 1
  http.max_retries = retries if retries
  requests.clear
  begun = seconds
  begin
    http.send_request(method, '/', %w[PUT POST].include?(method) ? 'text' : nil)
  rescue Net::ReadTimeout
    count = requests.size
    puts "#{method}#{", max_retries #{retries}" if retries}: ReadTimeout after #{(seconds - begun).round} s, " \
         "#{count} request#{'s' if count > 1}"
  end
end
RUBY

"$work/usr/bin/ruby3.1" --disable-gems finding.rb | tee seen
diff - seen <<'EXPECTED'
GET: ReadTimeout after 2 s, 2 requests
DELETE: ReadTimeout after 2 s, 2 requests
PUT: ReadTimeout after 2 s, 2 requests
POST: ReadTimeout after 1 s, 1 request
GET, max_retries 0: ReadTimeout after 1 s, 1 request
EXPECTED
