package facts

import (
	"bytes"
	"slices"
	"strings"

	"milepost/rules/lex"
)

// KindCall is a call of an HTTP API. Name is the client ("axios", "requests"), Value the address where it is spelled out, Scope "server" where
// the file says that a server runs it, in frameworks whose files may run on both sides.
const KindCall Kind = "http-call"

var clientScanners = []scanner{
	callsBy(langs(lex.JavaScript, lex.TypeScript), "fetch(", "axios.", "axios(", "got(", "got.", "ky.", "superagent.", "needle(", "needle.", "undici.request(", "https.get(", "https.request(", "http.request(", "http.get(", "HttpService", "httpService.", "request.get(", "request.post(", "request(", "nodeFetch(", "$fetch(", "unirest."),
	callsBy(langs(lex.Python), "requests.get(", "requests.post(", "requests.put(", "requests.patch(", "requests.delete(", "requests.request(", "requests.Session(", "requests.session(", "httpx.", "urlopen(", "aiohttp.ClientSession(", "ClientSession(", "http.client.HTTP", "urllib3.PoolManager(", "AsyncHTTPClient("),
	callsBy(langs(lex.Java, lex.Kotlin, lex.Scala, lex.Groovy), "RestTemplate(", "restTemplate.", "RestTemplateBuilder", "WebClient.", "WebClient ", "RestTemplate ", "RestClient ", "webClient.", "@FeignClient(", "HttpClient.newHttpClient(", "HttpClient.newBuilder(", "OkHttpClient(", "HttpURLConnection", "RestClient.", "restClient.", "Retrofit.Builder(", "@RegisterRestClient", "Unirest.", "HttpClients.create", "HttpClient(", "singleRequest(", "basicRequest", "WSClient", "@HttpExchange"),
	callsBy(langs(lex.CSharp, lex.FSharp), "HttpClient(", "IHttpClientFactory", "AddHttpClient", "HttpClient ", "RestClient(", "RestService.For", "WebRequest.Create", "WebClient("),
	callsBy(langs(lex.Go), "http.Get(", "http.Post(", "http.PostForm(", "http.NewRequest(", "http.NewRequestWithContext(", "http.Client{", "http.DefaultClient", "resty.New(", "req.C(", "fasthttp.Do(", "fasthttp.Client{", "heimdall."),
	callsBy(langs(lex.Ruby), "Net::HTTP", "Faraday", "HTTParty", "RestClient", "HTTP.get(", "HTTP.post(", "HTTP.auth(", "HTTP.headers(", "Excon.", "URI.open", "open(", "Typhoeus", "Down.", "HTTPX."),
	callsBy(langs(lex.PHP), "curl_init(", "Http::", "Guzzle", "Client(", "HttpClient::create(", "file_get_contents(", "HttpClientInterface", "wp_remote_"),
	callsBy(langs(lex.Rust), "reqwest::", "ureq::", "hyper::Client", "surf::", "isahc::", "awc::Client"),
	callsBy(langs(lex.Elixir), "HTTPoison.", "Req.get", "Req.post", "Req.new", "Tesla", "Finch.build", "HTTPotion.", ":httpc.request", "Mint.HTTP"),
	callsBy(langs(lex.C, lex.CPP, lex.Swift, lex.Dart), "curl_easy_perform", "URLSession.shared", "cpr::Get", "http.get("),
}

// callsBy makes a scanner of the calls by which a language speaks to HTTP APIs.
func callsBy(ls langSet, calls ...string) scanner {
	return scanner{langs: ls, triggers: calls, scan: func(s *Source, off int) {
		if off > 0 && (identifier(s.Raw[off-1]) || s.Raw[off-1] == '.' && s.Lang != lex.Java && s.Lang != lex.Kotlin && s.Lang != lex.CSharp && s.Lang != lex.Scala) {
			return
		}
		i := slices.IndexFunc(calls, func(c string) bool { return bytes.HasPrefix(s.Raw[off:], []byte(c)) })
		if i < 0 {
			return
		}
		head := strings.TrimSpace(string(s.Between(Code, s.LineStart(off), off)))
		for _, no := range []string{"import ", "using ", "use ", "from ", "require", "function ", "def ", "class "} {
			if strings.HasPrefix(head, no) && s.Lang != lex.Java {
				return
			}
		}
		if strings.HasPrefix(head, "import") {
			return
		}
		call := calls[i]
		address := s.address(off, call)
		if !s.outbound(call, address, head, off) {
			return
		}
		side := ""
		if s.serverFile() {
			side = "server"
		}
		s.Emit(Fact{Kind: KindCall, Name: strings.Trim(call, "(. {"), Value: address, Scope: side, Line: s.LineOf(off)})
	}}
}

// address is the address a call names, on its line or the two that follow.
func (s *Source) address(off int, call string) string {
	from := off + len(call)
	return s.firstQuoted(from, min(s.LineEnd(off, 2), from+200))
}

func (s *Source) firstQuoted(from, to int) string {
	for i := from; i < min(to, len(s.Code)); i++ {
		switch s.Code[i] {
		case '"', '\'', '`':
			text, _, _ := s.literal(i)
			return text
		case ';':
			return ""
		}
	}
	return ""
}

// outbound tells a call of another's API from one that only looks so.
func (s *Source) outbound(call, address, head string, off int) bool {
	if strings.Contains(address, "localhost") || strings.Contains(address, "127.0.0.1") || strings.Contains(address, "0.0.0.0") {
		return false
	}
	rest := s.Raw[off+len(call) : min(len(s.Raw), off+len(call)+40)]
	switch call {
	case "fetch(", "$fetch(":
		// A path is the page's own server; and where there is a document, the code runs in a browser.
		return !strings.HasPrefix(address, "/") && !s.browserCode()
	case "axios.", "axios(":
		if bytes.HasPrefix(rest, []byte("defaults")) || bytes.HasPrefix(rest, []byte("isAxiosError")) || bytes.HasPrefix(rest, []byte("Axios")) || strings.HasPrefix(address, "/") || s.browserCode() {
			return false
		}
	case "request(", "request.get(", "request.post(", "needle(", "got(", "got.", "ky.":
		module := strings.TrimRight(call, "(.getpos")
		if strings.HasPrefix(call, "got") {
			module = "got"
		}
		if strings.HasPrefix(call, "request") {
			module = "request"
		}
		return s.names(`'`+module+`'`) || s.names(`"`+module+`"`)
	case "https.get(", "https.request(", "http.request(", "http.get(":
		return s.names("require") || s.has("import ")
	case "httpx.":
		return bytes.HasPrefix(rest, []byte("get(")) || bytes.HasPrefix(rest, []byte("post(")) || bytes.HasPrefix(rest, []byte("AsyncClient(")) && !bytes.Contains(rest, []byte("transport")) && !bytes.Contains(rest, []byte("app=")) || bytes.HasPrefix(rest, []byte("Client(")) ||
			bytes.HasPrefix(rest, []byte("put(")) || bytes.HasPrefix(rest, []byte("delete(")) || bytes.HasPrefix(rest, []byte("patch(")) || bytes.HasPrefix(rest, []byte("stream("))
	case "open(": // of open-uri
		head := strings.ToLower(strings.TrimLeft(string(rest), "\"'@ "))
		return (strings.HasPrefix(head, "url") || strings.HasPrefix(head, "uri") || strings.HasPrefix(head, "http")) && s.names("http")
	case "Finch.build":
		return !s.has("Sentry")
	case "file_get_contents(":
		return strings.HasPrefix(address, "http")
	case "Http::":
		return !bytes.HasPrefix(rest, []byte("fake")) && !bytes.HasPrefix(rest, []byte("class")) && (s.has("Facades\\Http") || bytes.HasPrefix(rest, []byte("get")) || bytes.HasPrefix(rest, []byte("post")) || bytes.HasPrefix(rest, []byte("with")))
	case "Client(":
		return s.has("GuzzleHttp") && strings.HasSuffix(head, "new")
	case "Guzzle":
		return strings.HasSuffix(head, "new")
	case "HttpClient ":
		return s.Lang == lex.CSharp && (strings.Contains(head, "private") || strings.HasSuffix(head, "(") || strings.HasSuffix(head, ","))
	case "HttpClient(":
		return s.Lang != lex.Kotlin && s.Lang != lex.Java || s.has("ktor.client") && !s.has("testApplication")
	case "RestTemplate(", "RestTemplateBuilder":
		return !strings.HasSuffix(head, "Test")
	case "WebClient ", "RestTemplate ", "RestClient ": // a client that the framework injects
		return s.has("org.springframework.web") && !s.has("@Bean") && !strings.HasSuffix(head, "Test")
	case "WebClient.":
		return !strings.HasSuffix(head, "Test") && (bytes.HasPrefix(rest, []byte("create")) || bytes.HasPrefix(rest, []byte("builder")) || bytes.HasPrefix(rest, []byte("Builder")))
	}
	return true
}

// browserCode tells code that only a browser can run.
func (s *Source) browserCode() bool {
	ext := s.Path[strings.LastIndexByte(s.Path, '.')+1:]
	return ext == "tsx" || ext == "jsx" || s.has("document.") || s.has("window.") || s.has("localStorage") || s.has("useState") || s.has("useEffect") || s.names("from 'react'") || s.names(`from "react"`) ||
		s.has("chrome.") || s.has("import.meta.env") || s.names("from 'vue'") || s.names(`@angular/`) || s.names("'use client'") || s.names(`"use client"`)
}

// serverFile tells a file of Next, Nuxt or Remix that says itself that it runs on the server.
func (s *Source) serverFile() bool {
	for _, mark := range []string{"'use server'", `"use server"`, "next/server", "next/headers", "getServerSideProps", "getStaticProps", "NextApiRequest", "NextRequest", "server-only", "defineEventHandler"} {
		if s.names(mark) {
			return true
		}
	}
	return false
}
