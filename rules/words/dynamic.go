package words

import "strings"

// ruby finds the words of Ruby.
func (b *bench) ruby() {
	rspec := b.has(".rspec") || b.declares("rspec", "rspec-rails") || b.find("spec_helper.rb") != ""
	if !b.manifest("Gemfile") {
		b.tool("", "", "", "gem install", "gem install")
		if rspec {
			b.s.Tools = append(b.s.Tools, "rspec")
			b.set("runner", "rspec")
			b.set("test", "rspec")
		}
		if e := b.first("app.rb", "main.rb", "server.rb"); e != "" {
			b.set("run", "ruby "+e)
			b.set("check", "ruby -c "+e)
		}
		return
	}
	b.tool("", "bundle install", "", "bundle add", "bundle add --group development")
	rails := b.s.Framework == "rails" && b.has("bin/rails")
	switch {
	case rspec:
		b.s.Tools = append(b.s.Tools, "rspec")
		b.set("runner", "rspec")
		b.set("test", "bundle exec rspec")
	case rails:
		b.set("test", "bin/rails test")
	case b.has("Rakefile"):
		b.set("test", "bundle exec rake test")
	}
	e := b.entryOfRuby()
	b.set("entry", e)
	switch {
	case b.tested():
		b.set("check", b.s.Words["test"])
	case rails:
		b.set("check", "bin/rails zeitwerk:check")
	case e != "":
		b.set("check", "bundle exec ruby -c "+e)
	}
	b.startOfRuby(rails, e)
	b.set("version", strings.Trim(strings.TrimLeft(b.field("ruby"), "~>= "), " "))
	if v := b.s.Words["version"]; v == "" || !safe(v) {
		b.set("version", "3.4")
	}
	b.set("runtime", "ruby:"+b.s.Words["version"])
	if b.has("Gemfile.lock") {
		b.set("copy", "Gemfile Gemfile.lock")
	}
}

// entryOfRuby is the file that starts the server, or "".
func (b *bench) entryOfRuby() string {
	servers := b.servers("Sinatra")
	for _, n := range []string{"app.rb", "server.rb", "main.rb"} {
		for _, s := range servers {
			if n == s {
				return n
			}
		}
	}
	return b.first("app.rb", "main.rb", "server.rb")
}

func (b *bench) startOfRuby(rails bool, entry string) {
	switch {
	case rails:
		b.set("run", "bin/rails server")
		b.set("start", "bin/rails server --binding 0.0.0.0")
	case b.has("config.ru") && b.declares("puma"):
		b.set("run", "bundle exec puma")
		b.set("start", "bundle exec puma --bind tcp://0.0.0.0:3000")
	case b.has("config.ru"):
		b.set("run", "bundle exec rackup")
		b.set("start", "bundle exec rackup --host 0.0.0.0 --port 3000")
	case entry != "":
		b.set("run", "bundle exec ruby "+entry)
		if b.s.Framework == "sinatra" {
			b.set("start", "bundle exec ruby "+entry+" -o 0.0.0.0")
		}
	}
}

// php finds the words of PHP.
func (b *bench) php() {
	composer := b.manifest("composer.json")
	artisan := composer && b.has("artisan")
	b.tool("", "", "vendor/bin/phpunit", "composer require", "composer require --dev")
	if composer {
		b.set("install", "composer install")
		b.set("check", "composer validate")
	}
	switch {
	case b.declares("pestphp/pest"):
		b.s.Tools = append(b.s.Tools, "pest")
		b.set("runner", "pest")
		b.set("test", "vendor/bin/pest")
	case b.declares("phpunit/phpunit"):
		b.set("runner", "phpunit")
	}
	if artisan {
		b.set("test", "php artisan test")
	}
	if b.tested() && b.s.Words["runner"] != "" {
		b.set("check", b.s.Words["test"])
	}
	switch {
	case artisan:
		b.set("run", "php artisan serve")
	case b.s.Framework == "symfony":
		b.set("run", "symfony serve")
	case b.has("public/index.php"):
		b.set("run", "php -S localhost:8000 -t public")
	case b.has("index.php"):
		b.set("entry", "index.php")
		b.set("run", "php -S localhost:8000")
	}
}
