vcl 4.1;

import directors;

probe ready {
    .url = "/readyz";
    .interval = 500ms;
    .timeout = 2s;
    .window = 2;
    .threshold = 2;
    .initial = 2;
}

backend a { .host = "127.0.0.1"; .port = "8000"; .probe = ready; .connect_timeout = 2s; .first_byte_timeout = 75s; }
backend b { .host = "127.0.0.1"; .port = "8100"; .probe = ready; .connect_timeout = 2s; .first_byte_timeout = 75s; }

sub vcl_init {
    new vx11 = directors.round_robin();
    vx11.add_backend(a);
    vx11.add_backend(b);
}

sub vcl_recv {
    set req.backend_hint = vx11.backend();
    if (req.http.Accept ~ "text/event-stream") {
        return (pipe);
    }
    return (pass);
}

sub vcl_pipe {
    set bereq.http.Connection = "close";
}
