package facts

import "testing"

func TestProcessTool(t *testing.T) {
	t.Parallel()
	tests := []struct{ command, want string }{
		{"nodemon index.js", "nodemon"}, {"cross-env NODE_ENV=dev npx nodemon src/app.ts", "nodemon"}, {"npm install -g nodemon", ""}, {"npm i -g pm2 && pm2 start app.js", "PM2"},
		{"tsx watch src/index.ts", "tsx --watch"}, {"node --watch server.js", "node --watch"}, {"nest start --watch", "nest --watch"}, {"jest --watch", ""}, {"node --test --watch", ""},
		{"tsc --watch", ""}, {"next dev", ""}, {"vite", ""}, {"flask run --reload", ""}, {"uvicorn main:app --reload", "uvicorn"}, {"uvicorn main:app", ""},
		{"CMD [\"gunicorn\", \"-b\", \"0.0.0.0\", \"app:app\"]", "gunicorn"}, {"pip install gunicorn", ""}, {"dotnet watch run", "dotnet watch"}, {"dotnet run", ""}, {"cargo watch -x run", "cargo watch"},
		{"air", "air"}, {"air -c .air.toml", "air"}, {"go run github.com/air-verse/air", "air"}, {"foreman start -f Procfile.dev", "foreman"}, {"bundle exec puma -w 3", "puma"}, {"bundle exec puma -C config/puma.rb", ""},
		{"concurrently \"npm:server\" \"npm:client\"", ""}, {"ts-node-dev --respawn src/server.ts", "ts-node-dev"}, {"php artisan serve", ""},
	}
	for _, tt := range tests {
		if got := ProcessTool(tt.command); got != tt.want {
			t.Errorf("ProcessTool(%q) = %q, want %q", tt.command, got, tt.want)
		}
	}
}
